//! Every word of the page in English and Korean. kubectl's and the API's words stay English.

use scene::Lang;

macro_rules! words {
    ($($name:ident: $en:literal, $ko:literal;)*) => {
        /// A word or sentence of the page.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Word { $($name),* }

        impl Word {
            #[cfg(test)]
            pub const ALL: &'static [Word] = &[$(Word::$name),*];

            pub const fn text(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Word::$name, Lang::En) => $en, (Word::$name, Lang::Ko) => $ko,)*
                }
            }
        }
    };
}

words! {
    Restart: "Start over with a new cluster", "새 클러스터로 다시 시작";
    Play: "Play", "재생";
    Pause: "Pause", "일시정지";
    Step: "Step", "한 단계";
    StepHint: "Run to the next message", "다음 메시지까지 실행";
    Speed: "Speed", "속도";
    VirtualTime: "Virtual time", "가상 시간";
    Palette: "Commands", "명령";
    Break: "Break something", "장애 주입";
    StopKubelet: "Stop the kubelet of", "kubelet 중지:";
    PowerOff: "Power off", "전원 끄기:";
    CutOff: "Cut off from the control plane:", "컨트롤 플레인과 연결 끊기:";
    MemoryShort: "Run short of memory:", "메모리 부족:";
    TakeDown: "Take down", "내리기:";
    PullsFail: "Let image pulls fail", "이미지 풀 실패";
    ReadOnly: "Make etcd read-only", "etcd 읽기 전용";
    KillContainer: "Kill the container of", "컨테이너 강제 종료:";
    Mend: "Mend:", "복구:";
    DeletePod: "Delete the pod", "파드 삭제:";
    OtherLanguage: "한국어", "English";
    Theme: "Light or dark", "밝게 또는 어둡게";
    Shortcuts: "Keyboard shortcuts", "단축키";
    Close: "Close", "닫기";
    Picture: "The cluster", "클러스터";
    PictureHint: "The cluster's picture: arrow keys walk through its parts, Enter inspects",
        "클러스터 그림: 화살표 키로 이동하고 Enter로 살펴봅니다";
    Terminal: "Terminal", "터미널";
    Events: "Events", "이벤트";
    Metrics: "Metrics", "지표";
    Account: "Account", "설명";
    Manifest: "Manifest", "매니페스트";
    Inspect: "Inspect", "살펴보기";
    Logs: "Logs", "로그";
    PanelsBelow: "Panels below the picture", "그림 아래 패널";
    PanelsBeside: "Panels beside the picture", "그림 옆 패널";
    TerminalInput: "kubectl command", "kubectl 명령";
    TerminalBusy: "running · Ctrl+C stops", "실행 중 · Ctrl+C로 중지";
    TerminalHello: "kubectl is here, and a small shell. Try: kubectl get nodes · help lists what there is.",
        "kubectl과 작은 셸입니다. kubectl get nodes 를 입력해 보세요. help 는 목록을 보여 줍니다.";
    NoEvents: "No events yet", "아직 이벤트가 없습니다";
    Time: "Time", "시간";
    Type: "Type", "유형";
    Reason: "Reason", "이유";
    Object: "Object", "오브젝트";
    Message: "Message", "메시지";
    PodsByPhase: "Pods by phase", "단계별 파드";
    Requests: "Requests a second", "초당 요청";
    Latency: "Latency p95, ms", "지연 시간 p95, ms";
    CpuPerNode: "CPU per node, cores in use", "노드별 CPU 사용량, 코어";
    MemoryPerNode: "Memory per node, GiB in use", "노드별 메모리 사용량, GiB";
    NoSamples: "The lines begin as virtual time passes", "가상 시간이 흐르면 그래프가 그려집니다";
    NoAccount: "What happens is told here", "일어나는 일이 여기에 글로 나옵니다";
    Apply: "Apply", "적용";
    Diff: "Diff", "변경 비교";
    New: "New", "새 문서";
    Open: "Open file…", "파일 열기…";
    Rename: "Rename", "이름 변경";
    Delete: "Delete", "삭제";
    Examples: "Examples", "예제";
    Documents: "Documents", "문서";
    DocumentName: "Name of the document", "문서 이름";
    ReallyDelete: "Delete it for good?", "완전히 삭제할까요?";
    DropHere: "Drop the file to open it", "파일을 놓으면 열립니다";
    EditorLoading: "The editor is loading…", "편집기를 불러오는 중…";
    DidYouMean: "Did you mean", "이것인가요:";
    MoreProblems: "more problems", "개의 문제 더";
    Changed: "What apply changed", "적용으로 바뀐 것";
    Created: "created", "생성됨";
    Unchanged: "unchanged", "변경 없음";
    NotApplied: "Not applied yet: everything is new", "아직 적용하지 않았습니다: 모두 새 내용입니다";
    SameAsApplied: "Same as applied", "적용한 내용과 같습니다";
    TooLarge: "This document is too large for the editor; Apply still sends it.",
        "편집기에서 열기에는 큰 문서입니다. 적용은 할 수 있습니다.";
    NothingSelected: "Click anything in the picture, or walk there with Tab and the arrow keys.",
        "그림에서 무엇이든 클릭하거나 Tab과 화살표 키로 이동해 보세요.";
    Describe: "Describe", "상세";
    Yaml: "YAML", "YAML";
    RolloutTitle: "The rollout's arithmetic", "롤아웃 계산";
    RolloutDesired: "desired", "원하는 수";
    RolloutMost: "never more than", "최대";
    RolloutLeast: "never fewer available than", "사용 가능 최소";
    RolloutNew: "new", "새 버전";
    RolloutOld: "old", "이전 버전";
    RolloutAvailable: "available", "사용 가능";
    RolloutDone: "The rollout is complete.", "롤아웃이 끝났습니다.";
    RolloutCreate: "Next: new pods that may be made now:", "다음: 지금 만들 수 있는 새 파드:";
    RolloutRemove: "Next: old pods that may go now:", "다음: 지금 없앨 수 있는 이전 파드:";
    RolloutWaits: "It waits for new pods to become available.", "새 파드가 사용 가능해지기를 기다립니다.";
    RolloutRecreate: "Recreate: all old pods go before the first new one is made.",
        "Recreate: 이전 파드가 모두 사라진 뒤 새 파드를 만듭니다.";
    Why: "Why here?", "왜 여기인가?";
    WhyNode: "Why", "왜";
    WhyNodeEnd: "?", "인가?";
    WhyNowhere: "Why no node?", "왜 배치되지 않았나?";
    Total: "Σ", "Σ";
    Filtered: "filtered", "제외됨";
    OnlyOne: "It was the only feasible node, so nothing was scored.",
        "가능한 노드가 하나뿐이어서 점수를 매기지 않았습니다.";
    NoAttempt: "The scheduler has no record of this pod.", "스케줄러에 이 파드의 기록이 없습니다.";
    OwnedBy: "Owned by", "소유자";
    Traffic: "Traffic", "트래픽";
    SendOne: "Send a request", "요청 보내기";
    Rate: "Requests a second", "초당 요청";
    Off: "off", "끔";
    Answers: "Answers by pod", "파드별 응답";
    Container: "Container", "컨테이너";
    SelectPod: "Select a pod in the picture to follow its logs.",
        "그림에서 파드를 선택하면 로그가 이어집니다.";
    NoLogs: "(no output yet)", "(아직 출력 없음)";
    ShowLogs: "Logs", "로그";
    Welcome: "A Kubernetes cluster is running in this tab",
        "이 탭에서 쿠버네티스 클러스터가 돌아갑니다";
    WelcomeText: "One control plane and three workers, already sending heartbeats. Type kubectl below, apply a manifest at the side, or begin with one of these:",
        "컨트롤 플레인 하나와 워커 셋이 이미 하트비트를 보내고 있습니다. 아래에 kubectl을 입력하거나, 옆에서 매니페스트를 적용하거나, 여기서 시작해 보세요.";
    StartWeb: "Deploy web ×3", "web ×3 배포";
    StartShared: "The redis + nginx pod", "redis + nginx 파드";
    StartRequests: "Send requests", "요청 보내기";
    RestoreText: "Your last session can be played again.", "지난 세션을 다시 재생할 수 있습니다.";
    Restore: "Restore the last session", "지난 세션 복원";
    PaletteHint: "Type an action", "할 일을 입력하세요";
    NothingFound: "Nothing found", "찾을 수 없습니다";
    Faster: "Faster", "더 빠르게";
    Slower: "Slower", "더 느리게";
    ToggleTheme: "Switch light and dark", "밝게/어둡게 전환";
    SwitchLanguage: "Switch to Korean", "영어로 전환";
    SavePicture: "Save the picture as SVG", "그림을 SVG로 저장";
    FocusTerminal: "Go to the terminal", "터미널로 이동";
    KeySpace: "play or pause (outside of text)", "재생/일시정지 (입력창 밖에서)";
    KeyStep: "one step", "한 단계";
    KeySpeed: "slower, faster", "느리게, 빠르게";
    KeyArrows: "walk through the picture when it has the focus", "그림에 포커스가 있을 때 이동";
    KeyEnter: "inspect what has the focus", "포커스된 것 살펴보기";
    KeyApply: "apply the manifest", "매니페스트 적용";
    KeyInterrupt: "interrupt the command, clear the terminal", "명령 중지, 터미널 지우기";
    KeyTab: "complete; Up and Down go through history", "자동 완성, 위/아래는 기록";
    Crashed: "Kubarium has stopped", "Kubarium이 멈췄습니다";
    CrashedText: "Something went wrong that should not have. Your documents are saved.",
        "예상하지 못한 문제가 생겼습니다. 문서는 저장되어 있습니다.";
    Reload: "Reload", "새로고침";
    NotSaved: "The browser's storage is full: what you write will not survive a reload.",
        "브라우저 저장 공간이 가득 차서 새로고침하면 작성한 내용이 사라집니다.";
    AboutApi: "The front door: everybody reads and writes through it, and it tells every watcher what changed.",
        "정문입니다. 모두가 여기로 읽고 쓰며, 바뀐 것을 지켜보는 이들에게 알립니다.";
    AboutEtcd: "The memory: every object at every revision. Only the API server speaks to it.",
        "기억 장치입니다. 모든 오브젝트를 리비전마다 보관하며 API 서버만 접근합니다.";
    AboutScheduler: "Chooses a node for each pod that has none: filters those that cannot take it, scores the rest.",
        "노드가 없는 파드에 노드를 골라 줍니다. 불가능한 노드를 걸러내고 나머지에 점수를 매깁니다.";
    AboutManager: "Controllers in one program: each compares what should be with what is, and takes the next step.",
        "컨트롤러들의 모음입니다. 원하는 상태와 현재 상태를 비교해 다음 단계를 밟습니다.";
    AboutDns: "Answers names such as web.default.svc with the address of the service.",
        "web.default.svc 같은 이름에 서비스 주소로 답합니다.";
    AboutKubectl: "You: each command becomes requests to the API server.",
        "당신입니다. 명령은 모두 API 서버에 보내는 요청이 됩니다.";
    AboutKubelet: "Runs the pods bound to its node, probes them and reports their status.",
        "자기 노드에 배정된 파드를 실행하고 프로브로 검사해 상태를 알립니다.";
    AboutProxy: "Turns services into rules on its node, so that a service address reaches a ready pod.",
        "서비스를 노드의 규칙으로 바꾸어 서비스 주소가 준비된 파드에 닿게 합니다.";
    AboutRuntime: "Pulls images and starts the containers that the kubelet asks for.",
        "kubelet이 요청한 이미지를 받고 컨테이너를 시작합니다.";
    AboutClient: "Sends requests to a service from outside of the cluster.",
        "클러스터 밖에서 서비스로 요청을 보냅니다.";
    ForReaders: "What happens in the cluster", "클러스터에서 일어나는 일";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_both_languages() {
        for word in Word::ALL {
            assert!(!word.text(Lang::En).is_empty() && !word.text(Lang::Ko).is_empty(), "{word:?}");
        }
    }
}
