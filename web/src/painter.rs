//! Walks a display list onto Canvas2D: one canvas a layer, repainted only when its version moves.

use scene::display::{Align, DisplayList, Font, Item, Layer, Point, Rect, Token};
use wasm_bindgen::{Clamped, JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

use crate::theme::Palette;

const TEXT_FAMILY: &str =
    "Inter, Pretendard, 'Noto Sans KR', 'Noto Sans CJK KR', system-ui, sans-serif";
const CODE_FAMILY: &str = "'JetBrains Mono', D2Coding, ui-monospace, 'DejaVu Sans Mono', monospace";

/// One layer's canvas and what it shows.
struct Sheet {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    /// Layer version, size in device pixels and palette generation last painted.
    shown: Option<(u64, u32, u32, u32)>,
}

/// Paints display lists onto three stacked canvases.
pub struct Painter {
    sheets: Vec<Sheet>,
    /// Device pixels a point.
    ratio: f64,
    palette: Palette,
    generation: u32,
}

impl Painter {
    /// `canvases`: ground, state and motion, bottom up.
    pub fn new(canvases: [HtmlCanvasElement; 3], palette: Palette) -> Result<Self, JsValue> {
        let mut sheets = Vec::new();
        for canvas in canvases {
            let context = canvas
                .get_context("2d")?
                .ok_or("this browser has no 2d canvas")?
                .dyn_into::<CanvasRenderingContext2d>()?;
            sheets.push(Sheet { canvas, context, shown: None });
        }
        Ok(Painter { sheets, ratio: 1.0, palette, generation: 0 })
    }

    pub fn set_palette(&mut self, palette: Palette) {
        self.palette = palette;
        self.generation += 1;
    }

    pub fn set_ratio(&mut self, ratio: f64) {
        self.ratio = ratio;
        self.generation += 1;
    }

    /// Paints what has changed since the last call.
    pub fn paint(&mut self, list: &DisplayList) {
        let width = (f64::from(list.size.0) * self.ratio).round() as u32;
        let height = (f64::from(list.size.1) * self.ratio).round() as u32;
        let layers = [&list.ground, &list.state, &list.motion];
        for (sheet, layer) in self.sheets.iter_mut().zip(layers) {
            let now = (layer.version, width, height, self.generation);
            if sheet.shown == Some(now) {
                continue;
            }
            let was = sheet.shown.map(|(_, w, h, _)| (w, h));
            if was != Some((width, height)) {
                sheet.canvas.set_width(width);
                sheet.canvas.set_height(height);
                let style = sheet.canvas.style();
                let _ = style.set_property("width", &format!("{}px", list.size.0));
                let _ = style.set_property("height", &format!("{}px", list.size.1));
            }
            sheet.shown = Some(now);
            Brush::new(&sheet.context, self.palette).layer(layer, list.size, self.ratio);
        }
    }
}

/// One layer being painted.
struct Brush<'a> {
    c: &'a CanvasRenderingContext2d,
    palette: Palette,
    alpha: f32,
    dashed: bool,
    fill: Option<Token>,
    stroke: Option<Token>,
    font: Option<(Font, f32, u16)>,
    align: Option<Align>,
}

impl<'a> Brush<'a> {
    fn new(c: &'a CanvasRenderingContext2d, palette: Palette) -> Self {
        c.set_global_alpha(1.0);
        let _ = c.set_line_dash(&js_sys::Array::new());
        Brush {
            c,
            palette,
            alpha: 1.0,
            dashed: false,
            fill: None,
            stroke: None,
            font: None,
            align: None,
        }
    }

    fn layer(&mut self, layer: &Layer, size: (f32, f32), ratio: f64) {
        let _ = self.c.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
        self.c.clear_rect(0.0, 0.0, f64::from(size.0), f64::from(size.1));
        for item in &layer.items {
            self.item(item);
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Rect { rect, radius, fill, stroke, dashed, alpha } => {
                self.alpha(*alpha);
                self.c.begin_path();
                self.round_rect(rect, *radius);
                self.ink(*fill, *stroke, *dashed);
            }
            Item::Circle { center, radius, fill, stroke, alpha } => {
                self.alpha(*alpha);
                self.c.begin_path();
                let _ = self.c.arc(
                    f64::from(center.x),
                    f64::from(center.y),
                    f64::from(*radius),
                    0.0,
                    std::f64::consts::TAU,
                );
                self.ink(*fill, *stroke, false);
            }
            Item::Line { points, radius, stroke, width, dashed, alpha } => {
                self.alpha(*alpha);
                self.c.begin_path();
                self.road(points, *radius);
                self.ink(None, Some((*stroke, *width)), *dashed);
            }
            Item::Text { at, text, font, size, weight, color, align, max_width, alpha } => {
                self.alpha(*alpha);
                self.text(*at, text, (*font, *size, *weight), *color, *align, *max_width);
            }
            Item::Raster { rect, columns, cells, palette } => {
                self.raster(rect, *columns, cells, palette);
            }
        }
    }

    fn ink(&mut self, fill: Option<Token>, stroke: Option<(Token, f32)>, dashed: bool) {
        if let Some(token) = fill {
            self.fill(token);
            self.c.fill();
        }
        let Some((token, width)) = stroke else { return };
        if self.stroke != Some(token) {
            self.c.set_stroke_style_str(&self.palette.css(token));
            self.stroke = Some(token);
        }
        self.c.set_line_width(f64::from(width));
        if self.dashed != dashed {
            let dash = if dashed {
                js_sys::Array::of2(&JsValue::from(4.0), &JsValue::from(3.0))
            } else {
                js_sys::Array::new()
            };
            let _ = self.c.set_line_dash(&dash);
            self.dashed = dashed;
        }
        self.c.stroke();
    }

    fn round_rect(&self, rect: &Rect, radius: f32) {
        let (x, y) = (f64::from(rect.x), f64::from(rect.y));
        let (w, h) = (f64::from(rect.w), f64::from(rect.h));
        let r = f64::from(radius).min(w / 2.0).min(h / 2.0).max(0.0);
        if r == 0.0 {
            self.c.rect(x, y, w, h);
            return;
        }
        self.c.move_to(x + r, y);
        let _ = self.c.arc_to(x + w, y, x + w, y + h, r);
        let _ = self.c.arc_to(x + w, y + h, x, y + h, r);
        let _ = self.c.arc_to(x, y + h, x, y, r);
        let _ = self.c.arc_to(x, y, x + w, y, r);
        self.c.close_path();
    }

    fn road(&self, points: &[Point], radius: f32) {
        let Some((first, rest)) = points.split_first() else { return };
        self.c.move_to(f64::from(first.x), f64::from(first.y));
        let mut here = *first;
        for (i, point) in rest.iter().enumerate() {
            match rest.get(i + 1) {
                Some(next) => {
                    let reach = |a: &Point, b: &Point| (a.x - b.x).hypot(a.y - b.y) / 2.0;
                    let r = radius.min(reach(&here, point)).min(reach(point, next));
                    let _ = self.c.arc_to(
                        f64::from(point.x),
                        f64::from(point.y),
                        f64::from(next.x),
                        f64::from(next.y),
                        f64::from(r),
                    );
                }
                None => self.c.line_to(f64::from(point.x), f64::from(point.y)),
            }
            here = *point;
        }
    }

    fn text(
        &mut self,
        at: Point,
        text: &str,
        (font, size, weight): (Font, f32, u16),
        color: Token,
        align: Align,
        max_width: f32,
    ) {
        if self.font != Some((font, size, weight)) {
            let family = if font == Font::Code { CODE_FAMILY } else { TEXT_FAMILY };
            self.c.set_font(&format!("{weight} {size}px {family}"));
            self.font = Some((font, size, weight));
        }
        self.fill(color);
        if self.align != Some(align) {
            self.c.set_text_align(match align {
                Align::Left => "left",
                Align::Center => "center",
                Align::Right => "right",
            });
            self.align = Some(align);
        }
        let (x, y) = (f64::from(at.x), f64::from(at.y));
        // The scene has cut the text already; where a font is wider than it thought, squeeze.
        let _ = if max_width > 0.0 {
            self.c.fill_text_with_max_width(text, x, y, f64::from(max_width))
        } else {
            self.c.fill_text(text, x, y)
        };
    }

    /// Setting a colour means parsing it: only where it differs from the last.
    fn fill(&mut self, token: Token) {
        if self.fill != Some(token) {
            self.c.set_fill_style_str(&self.palette.css(token));
            self.fill = Some(token);
        }
    }

    fn alpha(&mut self, alpha: f32) {
        if self.alpha != alpha {
            self.c.set_global_alpha(f64::from(alpha));
            self.alpha = alpha;
        }
    }

    /// One pixel a cell, scaled up without smoothing.
    fn raster(&mut self, rect: &Rect, columns: u32, cells: &[u8], palette: &[Token]) {
        if columns == 0 || cells.is_empty() {
            return;
        }
        let rows = (cells.len() as u32).div_ceil(columns);
        let mut pixels = Vec::with_capacity((columns * rows * 4) as usize);
        for cell in cells {
            let token = palette.get(usize::from(*cell)).copied().unwrap_or(Token::Sunk);
            pixels.extend_from_slice(&self.palette.rgba(token));
        }
        pixels.resize((columns * rows * 4) as usize, 0);
        let Ok(image) =
            ImageData::new_with_u8_clamped_array_and_sh(Clamped(&pixels), columns, rows)
        else {
            return;
        };
        let Some(sheet) = scratch(columns, rows) else { return };
        let Some(context) = sheet
            .get_context("2d")
            .ok()
            .flatten()
            .and_then(|context| context.dyn_into::<CanvasRenderingContext2d>().ok())
        else {
            return;
        };
        let _ = context.put_image_data(&image, 0.0, 0.0);
        self.alpha(1.0);
        self.c.set_image_smoothing_enabled(false);
        let _ = self.c.draw_image_with_html_canvas_element_and_dw_and_dh(
            &sheet,
            f64::from(rect.x),
            f64::from(rect.y),
            f64::from(rect.w),
            f64::from(rect.h),
        );
    }
}

fn scratch(width: u32, height: u32) -> Option<HtmlCanvasElement> {
    let document = web_sys::window()?.document()?;
    let canvas = document.create_element("canvas").ok()?.dyn_into::<HtmlCanvasElement>().ok()?;
    canvas.set_width(width);
    canvas.set_height(height);
    Some(canvas)
}
