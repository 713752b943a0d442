//! What a timer is for, packed into its token: kind, container, the slot's generation, the slot.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Lease,
    NodeStatus,
    /// Look at the pod again: something it waits for is due.
    Sync,
    /// A program acts again.
    Step,
    /// A process dies of a signal.
    Killed,
    StartupProbe,
    ReadinessProbe,
    LivenessProbe,
}

const KINDS: [Kind; 8] = [
    Kind::Lease,
    Kind::NodeStatus,
    Kind::Sync,
    Kind::Step,
    Kind::Killed,
    Kind::StartupProbe,
    Kind::ReadinessProbe,
    Kind::LivenessProbe,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub kind: Kind,
    pub container: u8,
    pub generation: u16,
    pub slot: u32,
}

impl Token {
    pub fn node(kind: Kind) -> u64 {
        Token { kind, container: 0, generation: 0, slot: 0 }.pack()
    }

    pub fn pack(self) -> u64 {
        (self.kind as u64) << 56
            | u64::from(self.container) << 48
            | u64::from(self.generation) << 32
            | u64::from(self.slot)
    }

    pub fn unpack(token: u64) -> Option<Self> {
        Some(Token {
            kind: *KINDS.get((token >> 56) as usize)?,
            container: (token >> 48) as u8,
            generation: (token >> 32) as u16,
            slot: token as u32,
        })
    }
}
