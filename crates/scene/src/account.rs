//! The live text account: what happened to pods and nodes, one sentence each, for screen readers
//! and for people who would rather read.

use std::collections::VecDeque;

use apimachinery::meta::Key;
use smol_str::SmolStr;

use crate::model::Model;
use crate::phase::Phase;
use crate::strings::Lang;

const KEPT_MAX: usize = 256;

/// One thing that happened, without words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    Pod { key: Key, phase: Phase, pulling: bool, reason: SmolStr, node: SmolStr },
    PodGone(Key),
    Node { name: SmolStr, ready: bool },
    NodeGone(SmolStr),
    Service { key: Key, ready: u32 },
}

#[derive(Debug, Default)]
pub(crate) struct Facts {
    kept: VecDeque<Fact>,
    /// Number of the first one kept.
    first: u64,
}

impl Facts {
    pub fn push(&mut self, fact: Fact) {
        if self.kept.len() >= KEPT_MAX {
            self.kept.pop_front();
            self.first += 1;
        }
        self.kept.push_back(fact);
    }

    pub fn end(&self) -> u64 {
        self.first + self.kept.len() as u64
    }
}

/// What happened since number `since` (see `Model::account_end`), oldest first.
pub fn account(model: &Model, lang: Lang, since: u64) -> Vec<String> {
    let skip = usize::try_from(since.saturating_sub(model.facts.first)).unwrap_or(usize::MAX);
    model.facts.kept.iter().skip(skip).map(|fact| sentence(fact, lang)).collect()
}

fn sentence(fact: &Fact, lang: Lang) -> String {
    match (fact, lang) {
        (Fact::Pod { key, phase, pulling, reason, node }, Lang::En) => {
            let name = &key.name;
            match phase {
                Phase::Pending => format!("pod {name} waits for a node"),
                Phase::Creating if *pulling => format!("pod {name} pulls its image on {node}"),
                Phase::Creating => format!("pod {name} is created on {node}"),
                Phase::NotReady => format!("pod {name} runs on {node}, not ready yet"),
                Phase::Running => format!("pod {name} is ready on {node}"),
                Phase::Succeeded => format!("pod {name} has finished"),
                Phase::Failed if reason.is_empty() => format!("pod {name} has failed"),
                Phase::Failed => format!("pod {name} has failed: {reason}"),
                Phase::Terminating => format!("pod {name} is terminating"),
            }
        }
        (Fact::Pod { key, phase, pulling, reason, node }, Lang::Ko) => {
            let name = &key.name;
            match phase {
                Phase::Pending => format!("파드 {name}: 노드 배치를 기다리는 중"),
                Phase::Creating if *pulling => format!("파드 {name}: {node}에서 이미지 받는 중"),
                Phase::Creating => format!("파드 {name}: {node}에서 생성 중"),
                Phase::NotReady => format!("파드 {name}: {node}에서 실행됨, 아직 준비 안 됨"),
                Phase::Running => format!("파드 {name}: {node}에서 준비됨"),
                Phase::Succeeded => format!("파드 {name}: 완료됨"),
                Phase::Failed if reason.is_empty() => format!("파드 {name}: 실패"),
                Phase::Failed => format!("파드 {name}: 실패, {reason}"),
                Phase::Terminating => format!("파드 {name}: 종료 중"),
            }
        }
        (Fact::PodGone(key), Lang::En) => format!("pod {} is gone", key.name),
        (Fact::PodGone(key), Lang::Ko) => format!("파드 {}: 삭제됨", key.name),
        (Fact::Node { name, ready: true }, Lang::En) => format!("node {name} is ready"),
        (Fact::Node { name, ready: true }, Lang::Ko) => format!("노드 {name}: 준비됨"),
        (Fact::Node { name, ready: false }, Lang::En) => format!("node {name} is not ready"),
        (Fact::Node { name, ready: false }, Lang::Ko) => format!("노드 {name}: 준비 안 됨"),
        (Fact::NodeGone(name), Lang::En) => format!("node {name} is gone"),
        (Fact::NodeGone(name), Lang::Ko) => format!("노드 {name}: 삭제됨"),
        (Fact::Service { key, ready }, Lang::En) => {
            let noun = if *ready == 1 { "endpoint" } else { "endpoints" };
            format!("service {} has {ready} ready {noun}", key.name)
        }
        (Fact::Service { key, ready }, Lang::Ko) => {
            format!("서비스 {}: 준비된 엔드포인트 {ready}개", key.name)
        }
    }
}
