//! The display list: what to draw, in logical points, with no browser in it. Painters only walk it.

use smol_str::SmolStr;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    pub x: f32,
    pub y: f32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    pub x: f32,
    pub y: f32,
    pub w: f32,
    pub h: f32,
}

impl Rect {
    pub const fn new(x: f32, y: f32, w: f32, h: f32) -> Self {
        Rect { x, y, w, h }
    }

    pub fn contains(&self, p: Point) -> bool {
        p.x >= self.x && p.x < self.x + self.w && p.y >= self.y && p.y < self.y + self.h
    }

    pub fn center(&self) -> Point {
        Point { x: self.x + self.w / 2.0, y: self.y + self.h / 2.0 }
    }

    pub fn intersects(&self, other: &Rect) -> bool {
        self.x < other.x + other.w
            && other.x < self.x + self.w
            && self.y < other.y + other.h
            && other.y < self.y + self.h
    }

    pub fn inset(&self, by: f32) -> Rect {
        Rect::new(self.x + by, self.y + by, self.w - 2.0 * by, self.h - 2.0 * by)
    }
}

/// A colour of the theme, by its meaning. Painters look it up; nothing else names colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Token {
    Paper,
    Surface,
    Sunk,
    Line,
    StrongLine,
    Ink,
    Second,
    Third,
    Accent,
    AccentSoft,
    Running,
    RunningSoft,
    Pending,
    PendingSoft,
    Creating,
    CreatingSoft,
    Failed,
    FailedSoft,
    Terminating,
    TerminatingSoft,
    Succeeded,
    SucceededSoft,
    Message,
    Watch,
    Request,
    Dropped,
    /// Text on a filled accent.
    OnAccent,
}

/// The two families of the page: words, and names and numbers of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Font {
    Text,
    Code,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Center,
    Right,
}

/// One thing to draw. Sizes and positions in logical points; `alpha` from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    Rect {
        rect: Rect,
        radius: f32,
        fill: Option<Token>,
        stroke: Option<(Token, f32)>,
        dashed: bool,
        alpha: f32,
    },
    Circle {
        center: Point,
        radius: f32,
        fill: Option<Token>,
        stroke: Option<(Token, f32)>,
        alpha: f32,
    },
    /// A road: straight pieces with rounded corners.
    Line { points: Vec<Point>, radius: f32, stroke: Token, width: f32, dashed: bool, alpha: f32 },
    Text {
        /// On the baseline.
        at: Point,
        text: SmolStr,
        font: Font,
        size: f32,
        weight: u16,
        color: Token,
        align: Align,
        /// Painters cut with an ellipsis beyond this width.
        max_width: f32,
        alpha: f32,
    },
    /// Cells of one colour each, row by row: very large clusters. `cells` index into `palette`.
    Raster { rect: Rect, columns: u32, cells: Vec<u8>, palette: Vec<Token> },
}

/// What lies under a point.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// `kube-apiserver`, `etcd`, `kubelet/node-1`, …
    Component(SmolStr),
    Node(SmolStr),
    Pod {
        namespace: SmolStr,
        name: SmolStr,
    },
    Container {
        namespace: SmolStr,
        pod: SmolStr,
        name: SmolStr,
    },
    Service {
        namespace: SmolStr,
        name: SmolStr,
    },
    /// A traffic generator.
    Client(SmolStr),
    /// Any other object, by plural resource.
    Object {
        resource: SmolStr,
        namespace: SmolStr,
        name: SmolStr,
    },
}

/// A region that can be clicked and focused, and what it says to a screen reader.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub rect: Rect,
    pub target: Target,
    pub label: SmolStr,
}

/// A layer by rate of change. Painters keep one canvas a layer and repaint only what `version`
/// says has changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layer {
    pub items: Vec<Item>,
    pub version: u64,
}

/// A picture: `ground` changes with the cluster's shape, `state` with its objects, `motion` every
/// frame while something moves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DisplayList {
    pub size: (f32, f32),
    pub ground: Layer,
    pub state: Layer,
    pub motion: Layer,
    /// Later hits lie above earlier ones.
    pub hits: Vec<Hit>,
    /// Whether another frame is wanted even if nothing else happens.
    pub moving: bool,
}

impl DisplayList {
    pub fn hit(&self, p: Point) -> Option<&Hit> {
        self.hits.iter().rev().find(|hit| hit.rect.contains(p))
    }
}
