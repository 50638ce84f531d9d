import Foundation
import Logging
import Orchestration

/// The way from this process to the addresses of pods: none for root's podman, whose networks are this machine's; through a
/// ``Forwarder`` for a user's, whose networks are in a namespace of their own.
actor Reach {
    private let engine: Engine
    private let forwarder: ForwarderProcess
    /// The namespace whose firewall is set.
    private var guarded: NetworkNamespace?
    /// The sockets that are there, and the namespace that they lead into.
    private var opened: (namespace: NetworkNamespace, targets: Set<ForwarderTarget>)?

    init(engine: Engine, forwarder: ForwarderProcess) {
        self.engine = engine
        self.forwarder = forwarder
    }

    /// Keeps pods from what else is in their network's namespace; before the first container of a pod starts.
    func guardNetworks() async throws {
        guard let namespace = try await namespace(), namespace != guarded else { return }
        try await Firewall.ensure(in: namespace)
        guarded = namespace
    }

    /// Redirects the ports of a pod's Services inside it.
    func redirect(_ redirects: [PortRedirect], address: String, pod: ContainerDetails) async throws {
        guard !redirects.isEmpty else { return }
        let entering: [String]
        if try await engine.facts().isRootless {
            entering = NetworkNamespace.entering(pod.state.process)
        } else {
            guard let sandbox = pod.settings?.sandbox else { throw PodmanError.undecodable("the pod has no network namespace") }
            entering = ["nsenter", "--net=\(sandbox)"]
        }
        try await Redirection.set(redirects, address: address, entering: entering)
    }

    /// The socket that leads to a pod's port; nil where its address can be reached as it is.
    func socket(to target: ForwarderTarget) async throws -> String? {
        guard let namespace = try await namespace() else { return nil }
        let folder = try await forwarder.sockets(in: namespace)
        let path = folder.appending(path: target.description).path
        guard path.utf8.count < 108 else {  // sockaddr_un holds 107 characters
            throw PodmanError.unreachable("\(path) is too long for a socket; shorten `state`")
        }
        if opened?.namespace != namespace { opened = (namespace, []) }
        // asked each time: the child may be another one since
        if case .failed(let why) = try await forwarder.ask(.open(target), in: namespace) { throw PodmanError.transport(why) }
        opened?.targets.insert(target)
        return path
    }

    /// What came of connecting to a pod's port from where its address is; nil where it can be reached as it is.
    func dial(_ target: ForwarderTarget) async throws -> ForwarderRequest.Answer? {
        guard let namespace = try await namespace() else { return nil }
        _ = try await forwarder.sockets(in: namespace)
        return try await forwarder.ask(.dial(target), in: namespace)
    }

    /// Closes the sockets to pods that are gone.
    func close(_ addresses: Set<String>) async {
        guard !addresses.isEmpty, let (namespace, targets) = opened else { return }
        for target in targets where addresses.contains(target.address) {
            opened?.targets.remove(target)
            _ = try? await forwarder.ask(.close(target), in: namespace)
        }
    }

    private func namespace() async throws -> NetworkNamespace? {
        let facts = try await engine.facts()
        guard facts.isRootless else { return nil }
        guard let namespace = NetworkNamespace.current(runRoot: facts.runRoot) else {
            throw PodmanError.unreachable(
                "podman's network namespace is not found by its name server; install aardvark-dns, and run Slingshot on podman's machine")
        }
        return namespace
    }
}
