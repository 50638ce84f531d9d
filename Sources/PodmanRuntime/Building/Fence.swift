import Orchestration

/// Keeps what runs in a build's network namespace away from everything but what it may reach. The rules are in that namespace, and go with it;
/// no step of a build has the rights to change them, nor raw sockets to pass by them.
enum Fence {
    /// Addresses that are no public ones: RFC 1122, 1918, 6598, 3927, 6890, 2544, 5771, 1112.
    static let notPublic = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "224.0.0.0/3",
    ]

    /// The rules for what leaves, in order. IPv6 leaves nowhere: the network has none.
    static func rules(_ access: BuildSettings.Access, nameServer: String?) -> [[String]] {
        let refuse = ["-j", "REJECT"]
        let itself = [["-o", "lo", "-j", "ACCEPT"]]
        guard case .internet(let reachable) = access else { return itself + [refuse] }
        let questions = nameServer.map { server in
            ["udp", "tcp"].map { ["-d", server, "-p", $0, "--dport", "53", "-j", "ACCEPT"] }
        }
        return itself + (questions ?? []) + reachable.map { ["-d", $0, "-j", "ACCEPT"] } + notPublic.map { ["-d", $0] + refuse }
    }

    /// Throws `StepError`: without them nothing is built.
    static func put(around sandbox: String, access: BuildSettings.Access, nameServer: String?) async throws {
        for rule in rules(access, nameServer: nameServer) { try await add(rule, "iptables", sandbox) }
        for rule in rules(.none, nameServer: nil) { try await add(rule, "ip6tables", sandbox) }
    }

    private static func add(_ rule: [String], _ tool: String, _ sandbox: String) async throws {
        let outcome = try await Tool.run(["nsenter", "--net=\(sandbox)", tool, "-w", "-A", "OUTPUT"] + rule)
        guard outcome.succeeded else {
            throw StepError("the fence around a build can't be set: \(tool): \(outcome.complaint)", isRetryable: true)
        }
    }
}
