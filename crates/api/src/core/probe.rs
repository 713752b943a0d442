//! Probes and lifecycle hooks: how the kubelet asks a container how it is.

use apimachinery::int_or_string::IntOrString;
use apimachinery::wire_struct;
use smol_str::SmolStr;

wire_struct! {
    /// Runs a command in the container.
    pub struct ExecAction {
        pub command: Vec<SmolStr> => "command",
    }
}

wire_struct! {
    /// A header of a probe's request.
    pub struct HttpHeader {
        pub name: SmolStr => "name" keep,
        pub value: SmolStr => "value" keep,
    }
}

wire_struct! {
    /// Asks by HTTP.
    pub struct HttpGetAction {
        pub host: SmolStr => "host",
        pub http_headers: Vec<HttpHeader> => "httpHeaders",
        pub path: SmolStr => "path",
        pub port: IntOrString => "port" keep,
        pub scheme: SmolStr => "scheme",
    }
}

wire_struct! {
    /// Opens a connection.
    pub struct TcpSocketAction {
        pub host: SmolStr => "host",
        pub port: IntOrString => "port" keep,
    }
}

wire_struct! {
    /// Asks by gRPC's health protocol.
    pub struct GrpcAction {
        pub port: i32 => "port" keep,
        pub service: Option<SmolStr> => "service" keep,
    }
}

wire_struct! {
    /// A probe: one action and its thresholds, in seconds and counts.
    pub struct Probe {
        pub exec: Option<ExecAction> => "exec",
        pub failure_threshold: i32 => "failureThreshold",
        pub grpc: Option<GrpcAction> => "grpc",
        pub http_get: Option<HttpGetAction> => "httpGet",
        pub initial_delay_seconds: i32 => "initialDelaySeconds",
        pub period_seconds: i32 => "periodSeconds",
        pub success_threshold: i32 => "successThreshold",
        pub tcp_socket: Option<TcpSocketAction> => "tcpSocket",
        pub termination_grace_period_seconds: Option<i64> => "terminationGracePeriodSeconds",
        pub timeout_seconds: i32 => "timeoutSeconds",
    }
}

wire_struct! {
    /// Pauses a hook.
    pub struct SleepAction {
        pub seconds: i64 => "seconds" keep,
    }
}

wire_struct! {
    /// What a hook does.
    pub struct LifecycleHandler {
        pub exec: Option<ExecAction> => "exec",
        pub http_get: Option<HttpGetAction> => "httpGet",
        pub sleep: Option<SleepAction> => "sleep",
        pub tcp_socket: Option<TcpSocketAction> => "tcpSocket",
    }
}

wire_struct! {
    /// Hooks after start and before stop.
    pub struct Lifecycle {
        pub post_start: Option<LifecycleHandler> => "postStart",
        pub pre_stop: Option<LifecycleHandler> => "preStop",
        pub stop_signal: Option<SmolStr> => "stopSignal",
    }
}
