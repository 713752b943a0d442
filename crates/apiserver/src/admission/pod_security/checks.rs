//! What the levels `baseline` and `restricted` forbid, one function a check.
// Models k8s.io/pod-security-admission/policy.

use std::collections::BTreeSet;

use serde_json::Value;

/// A pod to look at, in its JSON form, and the minor version whose rules count.
pub(super) struct Subject<'a> {
    pub annotations: &'a Value,
    pub spec: &'a Value,
    pub minor: u32,
}

/// Reason and detail of a refusal.
pub(super) type Refusal = Option<(String, String)>;

pub(super) struct Check {
    pub run: fn(&Subject<'_>) -> Refusal,
    /// The version with which it began.
    pub since: u32,
    /// Set if the stricter level has a check of its own instead.
    pub overridden_since: Option<u32>,
}

const fn check(run: fn(&Subject<'_>) -> Refusal) -> Check {
    Check { run, since: 0, overridden_since: None }
}

const fn overridden(run: fn(&Subject<'_>) -> Refusal, since: u32) -> Check {
    Check { run, since: 0, overridden_since: Some(since) }
}

const fn since(run: fn(&Subject<'_>) -> Refusal, since: u32) -> Check {
    Check { run, since, overridden_since: None }
}

/// In the order of their ids.
pub(super) const BASELINE: &[Check] = &[
    check(app_armor_profile),
    overridden(capabilities_baseline, 22),
    check(host_namespaces),
    overridden(host_path_volumes, 0),
    check(host_ports),
    since(host_probes, 34),
    check(privileged),
    overridden(proc_mount_baseline, 35),
    check(se_linux_options),
    overridden(seccomp_baseline, 19),
    check(sysctls),
    check(windows_host_process),
];

pub(super) const RESTRICTED: &[Check] = &[
    since(allow_privilege_escalation, 8),
    since(capabilities_restricted, 22),
    since(proc_mount, 35),
    check(restricted_volumes),
    check(run_as_non_root),
    since(run_as_user, 23),
    since(seccomp_restricted, 19),
];

impl Subject<'_> {
    /// Name and JSON form of every container.
    fn containers(&self) -> impl Iterator<Item = (&str, &Value)> {
        let lists = ["initContainers", "containers", "ephemeralContainers"];
        let all = lists.into_iter().flat_map(|list| items(&self.spec[list]));
        all.map(|one| (text(&one["name"]), one))
    }

    fn named(&self, bad: impl Fn(&Value) -> bool) -> Vec<String> {
        let all = self.containers().filter(|(_, container)| bad(container));
        all.map(|(name, _)| name.to_owned()).collect()
    }

    /// The pod itself and the containers that set something forbidden in their security contexts,
    /// joined as messages have it; empty if there are none.
    fn setters(&self, bad: impl Fn(&Value) -> bool) -> String {
        let mut setters = Vec::new();
        if bad(&self.spec["securityContext"]) {
            setters.push("pod".to_owned());
        }
        let containers = self.named(|container| bad(&container["securityContext"]));
        if !containers.is_empty() {
            setters.push(plural("container", &containers));
        }
        setters.join(" and ")
    }

    fn is_windows(&self) -> bool {
        self.minor >= 25 && self.spec["os"]["name"] == "windows"
    }

    /// A pod with users of its own may do more.
    fn has_own_users(&self) -> bool {
        self.minor >= 35 && self.spec["hostUsers"] == false
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn quote<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|n| format!("\"{}\"", n.as_ref())).collect();
    quoted.join(", ")
}

fn form<'a>(one: &'a str, several: &'a str, count: usize) -> &'a str {
    if count == 1 { one } else { several }
}

/// `container "a"`, `containers "a", "b"`
fn plural(noun: &str, names: &[String]) -> String {
    let s = form("", "s", names.len());
    format!("{noun}{s} {}", quote(names))
}

fn refuse(reason: &str, detail: String) -> Refusal {
    Some((reason.to_owned(), detail))
}

fn app_armor_profile(pod: &Subject<'_>) -> Refusal {
    const PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";
    let profile = |context: &Value| context["appArmorProfile"]["type"].as_str().map(str::to_owned);
    let bad = |kind: &String| !["RuntimeDefault", "Localhost"].contains(&kind.as_str());
    let contexts = pod.containers().map(|(_, container)| &container["securityContext"]);
    let contexts = contexts.chain([&pod.spec["securityContext"]]);
    let values: BTreeSet<String> = contexts.filter_map(profile).filter(bad).collect();
    let mut values: Vec<String> = values.into_iter().collect();
    let mut setters = pod.setters(|context| profile(context).as_ref().is_some_and(bad));
    let annotations = pod.annotations.as_object().into_iter().flatten();
    let annotations: Vec<String> = annotations
        .filter(|(key, value)| {
            let value = text(value);
            let fine =
                value.is_empty() || value == "runtime/default" || value.starts_with("localhost/");
            key.starts_with(PREFIX) && !fine
        })
        .map(|(key, value)| format!("{key}={:?}", text(value)))
        .collect();
    if !annotations.is_empty() {
        let joint = if setters.is_empty() { "" } else { " and " };
        setters =
            format!("{setters}{joint}{}", form("annotation", "annotations", annotations.len()));
        values.extend(annotations);
    }
    if setters.is_empty() {
        return None;
    }
    let reason = form("forbidden AppArmor profile", "forbidden AppArmor profiles", values.len());
    refuse(reason, format!("{setters} must not set AppArmor profile type to {}", quote(values)))
}

/// The capabilities that containers add and may not, and which containers those are.
fn added(pod: &Subject<'_>, allowed: &[&str]) -> (Vec<String>, BTreeSet<String>) {
    let bad = |container: &Value| -> Vec<String> {
        let added = items(&container["securityContext"]["capabilities"]["add"]).iter().map(text);
        added.filter(|one| !allowed.contains(one)).map(str::to_owned).collect()
    };
    let capabilities = pod.containers().flat_map(|(_, container)| bad(container)).collect();
    (pod.named(|container| !bad(container).is_empty()), capabilities)
}

fn capabilities_baseline(pod: &Subject<'_>) -> Refusal {
    const ALLOWED: &[&str] = &[
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    ];
    let (containers, capabilities) = added(pod, ALLOWED);
    if containers.is_empty() {
        return None;
    }
    let who = plural("container", &containers);
    let what = quote(capabilities);
    let detail = format!("{who} must not include {what} in securityContext.capabilities.add");
    refuse("non-default capabilities", detail)
}

fn capabilities_restricted(pod: &Subject<'_>) -> Refusal {
    if pod.is_windows() {
        return None;
    }
    let mut details = Vec::new();
    let keeps = pod.named(|container| {
        !items(&container["securityContext"]["capabilities"]["drop"]).iter().any(|c| c == "ALL")
    });
    if !keeps.is_empty() {
        let who = plural("container", &keeps);
        details.push(format!("{who} must set securityContext.capabilities.drop=[\"ALL\"]"));
    }
    let (containers, capabilities) = added(pod, &["NET_BIND_SERVICE"]);
    if !containers.is_empty() {
        let (who, what) = (plural("container", &containers), quote(capabilities));
        details.push(format!("{who} must not include {what} in securityContext.capabilities.add"));
    }
    if details.is_empty() {
        return None;
    }
    refuse("unrestricted capabilities", details.join("; "))
}

fn host_namespaces(pod: &Subject<'_>) -> Refusal {
    let shared = ["hostNetwork", "hostPID", "hostIPC"].into_iter();
    let shared: Vec<String> =
        shared.filter(|name| pod.spec[*name] == true).map(|name| format!("{name}=true")).collect();
    if shared.is_empty() { None } else { refuse("host namespaces", shared.join(", ")) }
}

fn volumes(pod: &Subject<'_>, bad: impl Fn(&Value) -> bool) -> Vec<String> {
    let all = items(&pod.spec["volumes"]).iter().filter(|volume| bad(volume));
    all.map(|volume| text(&volume["name"]).to_owned()).collect()
}

fn host_path_volumes(pod: &Subject<'_>) -> Refusal {
    let names = volumes(pod, |volume| !volume["hostPath"].is_null());
    if names.is_empty() { None } else { refuse("hostPath volumes", plural("volume", &names)) }
}

fn host_ports(pod: &Subject<'_>) -> Refusal {
    let ports = |container: &Value| -> Vec<String> {
        let ports = items(&container["ports"]).iter();
        let ports = ports.map(|port| port["hostPort"].as_i64().unwrap_or(0));
        ports.filter(|port| *port != 0).map(|port| port.to_string()).collect()
    };
    let names = pod.named(|container| !ports(container).is_empty());
    if names.is_empty() {
        return None;
    }
    let all: BTreeSet<String> = pod.containers().flat_map(|(_, one)| ports(one)).collect();
    let (uses, noun) = (form("uses", "use", names.len()), form("hostPort", "hostPorts", all.len()));
    let all: Vec<String> = all.into_iter().collect();
    refuse("hostPort", format!("{} {uses} {noun} {}", plural("container", &names), all.join(", ")))
}

fn host_probes(pod: &Subject<'_>) -> Refusal {
    let hosts = |container: &Value| -> Vec<String> {
        let lifecycle = &container["lifecycle"];
        let probes = ["livenessProbe", "readinessProbe", "startupProbe"].map(|p| &container[p]);
        let handlers = probes.into_iter().chain([&lifecycle["postStart"], &lifecycle["preStop"]]);
        let hosts = handlers.flat_map(|one| [&one["httpGet"]["host"], &one["tcpSocket"]["host"]]);
        hosts.map(text).filter(|host| !host.is_empty()).map(str::to_owned).collect()
    };
    let names: BTreeSet<String> =
        pod.named(|container| !hosts(container).is_empty()).into_iter().collect();
    if names.is_empty() {
        return None;
    }
    let names: Vec<String> = names.into_iter().collect();
    let all: BTreeSet<String> = pod.containers().flat_map(|(_, one)| hosts(one)).collect();
    let uses = form("uses", "use", names.len());
    let noun = form("probe or lifecycle host", "probe or lifecycle hosts", all.len());
    let who = plural("container", &names);
    refuse("probe or lifecycle host", format!("{who} {uses} {noun} {}", quote(all)))
}

fn privileged(pod: &Subject<'_>) -> Refusal {
    let names = pod.named(|container| container["securityContext"]["privileged"] == true);
    if names.is_empty() {
        return None;
    }
    let who = plural("container", &names);
    refuse("privileged", format!("{who} must not set securityContext.privileged=true"))
}

fn proc_mount(pod: &Subject<'_>) -> Refusal {
    let mount = |container: &Value| {
        let mount = container["securityContext"]["procMount"].as_str();
        mount.filter(|kind| *kind != "Default").map(str::to_owned)
    };
    let names = pod.named(|container| mount(container).is_some());
    if names.is_empty() {
        return None;
    }
    let all: BTreeSet<String> = pod.containers().filter_map(|(_, one)| mount(one)).collect();
    let who = plural("container", &names);
    refuse("procMount", format!("{who} must not set securityContext.procMount to {}", quote(all)))
}

fn proc_mount_baseline(pod: &Subject<'_>) -> Refusal {
    if pod.has_own_users() { None } else { proc_mount(pod) }
}

fn se_linux_options(pod: &Subject<'_>) -> Refusal {
    let is_allowed = |kind: &str| match kind {
        "" | "container_t" | "container_init_t" | "container_kvm_t" => true,
        "container_engine_t" => pod.minor >= 31,
        _ => false,
    };
    let options = |context: &Value, name: &str| text(&context["seLinuxOptions"][name]).to_owned();
    let setters = pod.setters(|context| {
        !is_allowed(&options(context, "type"))
            || !options(context, "user").is_empty()
            || !options(context, "role").is_empty()
    });
    if setters.is_empty() {
        return None;
    }
    let contexts = pod.containers().map(|(_, container)| &container["securityContext"]);
    let contexts: Vec<&Value> = contexts.chain([&pod.spec["securityContext"]]).collect();
    let types = contexts.iter().map(|context| options(context, "type"));
    let types: BTreeSet<String> = types.filter(|kind| !is_allowed(kind)).collect();
    let mut data = Vec::new();
    if !types.is_empty() {
        data.push(format!("{} {}", form("type", "types", types.len()), quote(types)));
    }
    for name in ["user", "role"] {
        if contexts.iter().any(|context| !options(context, name).is_empty()) {
            data.push(format!("{name} may not be set"));
        }
    }
    let data = data.join("; ");
    let detail = format!("{setters} set forbidden securityContext.seLinuxOptions: {data}");
    refuse("seLinuxOptions", detail)
}

fn seccomp_type(context: &Value) -> Option<&str> {
    context["seccompProfile"].as_object()?;
    Some(text(&context["seccompProfile"]["type"]))
}

fn is_bad_seccomp(kind: &str) -> bool {
    !["Localhost", "RuntimeDefault"].contains(&kind)
}

fn seccomp_baseline(pod: &Subject<'_>) -> Refusal {
    let setters = pod.setters(|context| seccomp_type(context).is_some_and(is_bad_seccomp));
    if setters.is_empty() {
        return None;
    }
    let contexts = pod.containers().map(|(_, container)| &container["securityContext"]);
    let contexts = contexts.chain([&pod.spec["securityContext"]]);
    let values: BTreeSet<&str> =
        contexts.filter_map(seccomp_type).filter(|kind| is_bad_seccomp(kind)).collect();
    let values = quote(values);
    let detail = format!("{setters} must not set securityContext.seccompProfile.type to {values}");
    refuse("seccompProfile", detail)
}

fn seccomp_restricted(pod: &Subject<'_>) -> Refusal {
    if pod.is_windows() {
        return None;
    }
    if let Some(refusal) = seccomp_baseline(pod) {
        return Some(refusal);
    }
    if seccomp_type(&pod.spec["securityContext"]).is_some() {
        return None;
    }
    let names = pod.named(|container| seccomp_type(&container["securityContext"]).is_none());
    if names.is_empty() {
        return None;
    }
    let who = plural("container", &names);
    let detail = format!(
        "pod or {who} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \
         \"Localhost\""
    );
    refuse("seccompProfile", detail)
}

/// Name and the version that first allowed it.
const SYSCTLS: &[(&str, u32)] = &[
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
];

fn sysctls(pod: &Subject<'_>) -> Refusal {
    let is_allowed =
        |name: &str| SYSCTLS.iter().any(|(known, since)| name == *known && pod.minor >= *since);
    let names = items(&pod.spec["securityContext"]["sysctls"]).iter().map(|s| text(&s["name"]));
    let names: Vec<&str> = names.filter(|name| !is_allowed(name)).collect();
    if names.is_empty() { None } else { refuse("forbidden sysctls", names.join(", ")) }
}

fn windows_host_process(pod: &Subject<'_>) -> Refusal {
    let setters = pod.setters(|context| context["windowsOptions"]["hostProcess"] == true);
    if setters.is_empty() {
        return None;
    }
    let detail = format!("{setters} must not set securityContext.windowsOptions.hostProcess=true");
    refuse("hostProcess", detail)
}

fn allow_privilege_escalation(pod: &Subject<'_>) -> Refusal {
    if pod.is_windows() {
        return None;
    }
    let names =
        pod.named(|container| container["securityContext"]["allowPrivilegeEscalation"] != false);
    if names.is_empty() {
        return None;
    }
    let who = plural("container", &names);
    let detail = format!("{who} must set securityContext.allowPrivilegeEscalation=false");
    refuse("allowPrivilegeEscalation != false", detail)
}

fn restricted_volumes(pod: &Subject<'_>) -> Refusal {
    const ALLOWED: &[&str] = &[
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ];
    // A volume is what its one field beside the name says.
    let kind = |volume: &Value| -> String {
        let fields = volume.as_object().into_iter().flatten();
        let set = fields.filter(|(name, value)| *name != "name" && !value.is_null());
        set.map(|(name, _)| name.clone()).next().unwrap_or_else(|| "unknown".to_owned())
    };
    let bad = |volume: &Value| !ALLOWED.contains(&kind(volume).as_str());
    let names = volumes(pod, bad);
    if names.is_empty() {
        return None;
    }
    let all = items(&pod.spec["volumes"]).iter();
    let kinds: BTreeSet<String> = all.filter(|volume| bad(volume)).map(kind).collect();
    let uses = form("uses", "use", names.len());
    let noun = form("restricted volume type", "restricted volume types", kinds.len());
    let who = plural("volume", &names);
    refuse("restricted volume types", format!("{who} {uses} {noun} {}", quote(kinds)))
}

fn run_as_non_root(pod: &Subject<'_>) -> Refusal {
    const REASON: &str = "runAsNonRoot != true";
    if pod.has_own_users() {
        return None;
    }
    let setters = pod.setters(|context| context["runAsNonRoot"] == false);
    if !setters.is_empty() {
        let detail = format!("{setters} must not set securityContext.runAsNonRoot=false");
        return refuse(REASON, detail);
    }
    if pod.spec["securityContext"]["runAsNonRoot"] == true {
        return None;
    }
    let names = pod.named(|container| container["securityContext"]["runAsNonRoot"].is_null());
    if names.is_empty() {
        return None;
    }
    let who = plural("container", &names);
    refuse(REASON, format!("pod or {who} must set securityContext.runAsNonRoot=true"))
}

fn run_as_user(pod: &Subject<'_>) -> Refusal {
    if pod.has_own_users() {
        return None;
    }
    let setters = pod.setters(|context| context["runAsUser"] == 0);
    if setters.is_empty() {
        return None;
    }
    refuse("runAsUser=0", format!("{setters} must not set runAsUser=0"))
}
