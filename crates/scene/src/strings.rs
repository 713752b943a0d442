//! What the picture says, in English and Korean. kubectl's and the API's words stay English.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    #[default]
    En,
    Ko,
}

macro_rules! words {
    ($($name:ident: $en:literal, $ko:literal;)*) => {
        /// A word or phrase of the picture.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Word { $($name),* }

        impl Word {
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
    ControlPlane: "Control plane", "컨트롤 플레인";
    Clients: "Clients and services", "클라이언트와 서비스";
    You: "you", "나";
    Rev: "rev", "리비전";
    Keys: "keys", "키";
    Queue: "in queue", "대기열";
    Idle: "idle", "대기 없음";
    BackOff: "back-off", "백오프";
    Unschedulable: "unschedulable", "배치 불가";
    Authn: "authn", "인증";
    Authz: "authz", "인가";
    Admit: "admit", "어드미션";
    Ready: "Ready", "준비됨";
    NotReady: "NotReady", "준비 안 됨";
    Unknown: "Unknown", "알 수 없음";
    Cordoned: "Cordoned", "스케줄 중지";
    Cpu: "CPU", "CPU";
    Memory: "Mem", "메모리";
    Running: "Running", "실행 중";
    NotReadyPod: "Not ready", "준비 중";
    Pulling: "Pulling", "이미지 받는 중";
    Creating: "Creating", "생성 중";
    Pending: "Pending", "대기";
    Failed: "Failed", "실패";
    Terminating: "Terminating", "종료 중";
    Succeeded: "Succeeded", "완료";
    NoAddress: "no address yet", "아직 주소 없음";
    Endpoint: "endpoint", "엔드포인트";
    Endpoints: "endpoints", "엔드포인트";
    NoEndpoints: "no endpoints", "엔드포인트 없음";
    PodsHere: "Pods appear here", "파드가 여기에 나타납니다";
    ServicesHere: "Services appear here", "서비스가 여기에 나타납니다";
    TryThis: "kubectl create deployment web --image=nginx --replicas=3",
        "kubectl create deployment web --image=nginx --replicas=3";
    NoNodes: "No worker nodes yet", "아직 워커 노드가 없습니다";
    More: "more", "개 더";
    Pods: "pods", "파드";
    Nodes: "nodes", "노드";
    Services: "services", "서비스";
    Node: "node", "노드";
    Pod: "pod", "파드";
    Container: "container", "컨테이너";
    Service: "service", "서비스";
    Client: "client", "클라이언트";
    On: "on", "노드";
    Restarts: "restarts", "재시작";
}
