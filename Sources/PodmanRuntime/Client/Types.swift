/// What is read of podman's objects; the JSON names are podman's.

struct Network: Decodable, Sendable, Labelled {
    var id: String
    var name: String
    var labels: [String: String]?
    var networkInterface: String?

    private enum CodingKeys: String, CodingKey {
        case id, name, labels
        case networkInterface = "network_interface"
    }
}

struct Volume: Decodable, Sendable, Labelled {
    var name: String
    var labels: [String: String]?

    private enum CodingKeys: String, CodingKey {
        case name = "Name"
        case labels = "Labels"
    }
}

struct PodSummary: Decodable, Sendable, Labelled {
    var id: String
    var name: String
    var labels: [String: String]?

    private enum CodingKeys: String, CodingKey {
        case id = "Id"
        case name = "Name"
        case labels = "Labels"
    }
}

/// A container in a list.
struct ContainerSummary: Decodable, Hashable, Sendable, Labelled {
    var id: String
    var labels: [String: String]?
    /// `created`, `configured`, `running`, `exited`, `stopped`, `paused`, `removing` …
    var state: String
    var exitCode: Int
    /// Seconds since 1970.
    var startedAt: Int
    /// Seconds since 1970; negative when it has not ended.
    var exitedAt: Int
    var isInfra: Bool
    var pod: String
    var podName: String

    private enum CodingKeys: String, CodingKey {
        case id = "Id"
        case labels = "Labels"
        case state = "State"
        case exitCode = "ExitCode"
        case startedAt = "StartedAt"
        case exitedAt = "ExitedAt"
        case isInfra = "IsInfra"
        case pod = "Pod"
        case podName = "PodName"
    }
}

/// One container in full, as far as it is needed.
struct ContainerDetails: Decodable, Sendable {
    struct State: Decodable, Sendable {
        var oomKilled: Bool
        var error: String?
        var exitCode: Int
        var isRunning: Bool
        /// The number of its process on podman's machine; 0 when none runs.
        var process: Int
        /// Of the current run, or the last one; RFC 3339 with nanoseconds.
        var startedAt: String
        /// Of the run before while it runs, else of the last one.
        var finishedAt: String
        private enum CodingKeys: String, CodingKey {
            case oomKilled = "OOMKilled"
            case error = "Error"
            case exitCode = "ExitCode"
            case isRunning = "Running"
            case process = "Pid"
            case startedAt = "StartedAt"
            case finishedAt = "FinishedAt"
        }
    }
    struct HostConfiguration: Decodable, Sendable {
        struct Log: Decodable, Sendable {
            var path: String
            private enum CodingKeys: String, CodingKey { case path = "Path" }
        }
        var log: Log
        private enum CodingKeys: String, CodingKey { case log = "LogConfig" }
    }
    struct Settings: Decodable, Sendable {
        struct Attachment: Decodable, Sendable {
            var address: String?
            private enum CodingKeys: String, CodingKey { case address = "IPAddress" }
        }
        /// The path of its network namespace.
        var sandbox: String?
        var networks: [String: Attachment]?
        private enum CodingKeys: String, CodingKey {
            case sandbox = "SandboxKey"
            case networks = "Networks"
        }
    }

    var state: State
    var host: HostConfiguration
    var settings: Settings?

    private enum CodingKeys: String, CodingKey {
        case state = "State"
        case host = "HostConfig"
        case settings = "NetworkSettings"
    }
}

struct Identified: Decodable, Sendable {
    var id: String
    private enum CodingKeys: String, CodingKey { case id = "Id" }
}
