import Orchestration

/// Keeps containers away from the machine that they run on.
///
/// A stack's network is internal: it has no route to anywhere else. What is left is the machine's own address on it, at which everything
/// answers that listens on all addresses. So whatever comes from one of our bridges is refused, but for questions to podman's name server
/// and the answers to the machine's own requests (probes, and those of a proxy). The bridges' names begin alike, so that a few rules that
/// never change are enough for all stacks.
///
/// The bridges of a user's podman are in a network namespace of their own, in which nothing but podman's name server listens. The same
/// rules are set there, for what the user may yet run in it.
enum Firewall {
    static let interfacePrefix = "slng"
    static let chain = "SLINGSHOT-INPUT"

    /// The rules of the chain, in order; `v6` because a container also has a link-local address, at which no name server listens.
    static func rules(v6: Bool) -> [[String]] {
        let answers = ["-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "RETURN"]
        if v6 {
            // without neighbour discovery not even a refusal could be sent
            return [answers, ["-p", "ipv6-icmp", "-j", "RETURN"], ["-j", "REJECT"]]
        }
        return [answers] + ["udp", "tcp"].map { ["-p", $0, "--dport", "53", "-j", "RETURN"] } + [["-j", "REJECT"]]
    }

    /// Sets the rules anew, on this machine or in a namespace. Throws `StepError`: without them nothing is started.
    static func ensure(in namespace: NetworkNamespace? = nil) async throws {
        let entering = namespace.map { NetworkNamespace.entering($0.member) } ?? []
        async let v4: Void = ensure("iptables", v6: false, entering)
        async let v6: Void = ensure("ip6tables", v6: true, entering)
        _ = try await (v4, v6)
    }

    private static func ensure(_ tool: String, v6: Bool, _ entering: [String]) async throws {
        try await must(entering + ["\(tool)-restore", "-w", "--noflush"], input: text(v6: v6))
        let jump = ["INPUT", "-i", "\(interfacePrefix)+", "-j", chain]
        if !(try await Tool.run(entering + [tool, "-w", "-C"] + jump)).succeeded { try await must(entering + [tool, "-w", "-I"] + jump) }
    }

    /// What makes the chain and fills it, whatever is in it, in one step: no packet meets a part of it.
    static func text(v6: Bool) -> String {
        let rules = rules(v6: v6).map { "-A \(chain) \($0.joined(separator: " "))" }
        return (["*filter", ":\(chain) - [0:0]"] + rules + ["COMMIT", ""]).joined(separator: "\n")
    }

    private static func must(_ command: [String], input: String = "") async throws {
        let outcome = try await Tool.run(command, input: input)
        guard outcome.succeeded else {
            throw StepError("the firewall that keeps stacks from this machine can't be set: \(outcome.complaint)", isRetryable: true)
        }
    }
}

/// Takes what arrives at a Service's port to the container's, inside the pod's own network namespace.
enum Redirection {
    /// - Parameter entering: what is put before a command to run it in there.
    static func set(_ redirects: [PortRedirect], address: String, entering: [String]) async throws {
        guard !redirects.isEmpty else { return }
        let outcome = try await Tool.run(entering + ["iptables-restore", "-w"], input: text(redirects, address: address))
        guard outcome.succeeded else {
            throw StepError("the ports of Services can't be taken to those of containers: \(outcome.complaint)", isRetryable: true)
        }
    }

    /// The whole table of the pod, which nobody else puts anything into; so it can be set again.
    static func text(_ redirects: [PortRedirect], address: String) -> String {
        // for what comes from other pods, and for what the pod sends to its own name
        let rules = redirects.flatMap { redirect in
            ["PREROUTING", "OUTPUT"].map { chain in
                "-A \(chain) -p \(redirect.transport) -d \(address) --dport \(redirect.port) -j REDIRECT --to-ports \(redirect.target)"
            }
        }
        return (["*nat"] + rules + ["COMMIT", ""]).joined(separator: "\n")
    }
}
