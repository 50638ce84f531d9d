public import Foundation
public import Logging
public import Orchestration
public import StagingModel

/// Runs stacks with podman on this machine, each as pods on a network of its own. A stack's "namespace" is that network; its UID is the
/// network's id.
///
/// Every operation throws `StepError`, or `CancellationError` when its task is cancelled.
public struct PodmanRuntime: StackRuntime {
    let client: PodmanClient
    let keeper: Keeper
    let engine: Engine
    let reach: Reach
    let namespacePrefix: String
    let clock: any WallClock
    let logger: Logger

    /// How a runtime is reached and what it may write.
    public struct Settings: Hashable, Sendable {
        /// podman's socket; nil for the usual one where a service answers, and for an own service where none does.
        public var socket: String?
        /// Where the own service's socket and configuration are.
        public var folder: URL
        public var namespacePrefix: String
        /// Whether containers are kept running while this process lives: the service does, a reaper does not.
        public var keeps: Bool
        /// The program, with arguments, that runs ``Forwarder/run(folder:)`` with the folder as one more argument.
        public var forwarder: [String]

        public init(socket: String?, folder: URL, namespacePrefix: String, keeps: Bool, forwarder: [String]) {
            self.socket = socket
            self.folder = folder
            self.namespacePrefix = namespacePrefix
            self.keeps = keeps
            self.forwarder = forwarder
        }
    }

    /// Runs `body` with a runtime, and what it needs in the background. podman itself is first asked when something is wanted of it.
    ///
    /// - Throws: what `body` throws, and `StepError` when the settings can't be used.
    public static func with<T: Sendable>(
        _ settings: Settings, logger: Logger, clock: any WallClock = SystemClock(), _ body: (PodmanRuntime) async throws -> T
    ) async throws -> T {
        let service = try await PodmanService.choose(configured: settings.socket, folder: settings.folder, logger: logger)
        let client = PodmanClient(socket: service.socket, revive: { try await service.ensure() })
        let engine = Engine(client: client, folder: settings.folder, logger: logger)
        let forwarder = ForwarderProcess(
            program: settings.forwarder, folder: settings.folder.appending(path: "pods", directoryHint: .isDirectory), logger: logger)
        let reach = Reach(engine: engine, forwarder: forwarder)
        let keeper = Keeper(client: client, reach: reach, namespacePrefix: settings.namespacePrefix, clock: clock, logger: logger)
        let runtime = PodmanRuntime(
            client: client, keeper: keeper, engine: engine, reach: reach, namespacePrefix: settings.namespacePrefix, clock: clock,
            logger: logger)
        func stop() async {
            await keeper.stop()
            await client.shutdown()
            await service.close()
        }
        return try await cleaningUp(stop) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer { group.cancelAll() }
                group.addTask { await service.run() }
                group.addTask { await forwarder.run() }
                if settings.keeps {
                    group.addTask { await runtime.resume() }
                    group.addTask { await keeper.run() }
                }
                return try await body(runtime)
            }
        }
    }

    /// Who builds images where this runtime finds them, or, with a registry, for those who fetch them there.
    ///
    /// - Parameters:
    ///   - names: what the names of all its images begin with: ``imageNames(namespacePrefix:)``, or a place in the registry.
    ///   - yard: shared by all builders of the server.
    public func builder(
        _ settings: BuildSettings, names: String, registry: BuildSettings.Registry? = nil, context: any BuildContextSource, yard: BuildYard
    ) -> PodmanBuilder {
        PodmanBuilder(
            client: client, engine: engine, prefix: namespacePrefix, names: names, settings: settings, registry: registry, context: context,
            yard: yard, clock: clock, logger: logger)
    }

    /// What the names of images built for this machine begin with; the repository's name follows.
    public static func imageNames(namespacePrefix: String) -> String { "localhost/slingshot/\(namespacePrefix)" }

    public func observe(_ stack: StackName) async throws -> Observation {
        try await translatingErrors(about: "network \(namespaceName(of: stack))") {
            let found = try await look(at: stack)
            if let network = found.network, found.record == nil { return .foreign(Self.foreignText(network.name, stack)) }
            return (found.record ?? found.leftover).map { .present($0.observed) } ?? .absent
        }
    }

    public func renew(_ lease: Lease, of stack: StackName, uid: String) async throws {
        let name = namespaceName(of: stack)
        try await translatingErrors(about: "network \(name)") {
            guard let record = try await look(at: stack).record, record.uid == uid else {
                throw StepError("network \(name) is gone, or another one now; the lease can't be changed", isRetryable: false)
            }
            guard record.lease != lease else { return }
            try await write(record.next(lease: lease))
        }
    }

    public func stacks() async throws -> [ObservedStack] {
        try await translatingErrors(about: "networks") {
            let records = try await records(selector: [StackMetadata.managedBy: StackMetadata.manager])
            // What is left of a stack whose network is gone counts where there is no newer one of that name.
            var stacks: [StackName: (record: StackRecord, isWhole: Bool)] = [:]
            for (record, isWhole) in records where record.namespace == namespaceName(of: record.stack) {
                if stacks[record.stack]?.isWhole != true { stacks[record.stack] = (record, isWhole) }
            }
            return stacks.values.map(\.record.observed).sorted { $0.name < $1.name }
        }
    }

    func namespaceName(of stack: StackName) -> String { namespacePrefix + stack.description }

    static func foreignText(_ name: String, _ stack: StackName) -> String {
        "network \(name) exists without the labels of \(stack); it is left alone"
    }

    // MARK: Records

    /// What podman has under a stack's name.
    struct Found {
        /// Of that name, whosever it is.
        var network: Network?
        /// Of the stack's own network.
        var record: StackRecord?
        /// Of a network that is gone: its end was interrupted.
        var leftover: StackRecord?
    }

    func look(at stack: StackName) async throws -> Found {
        let name = namespaceName(of: stack)
        async let current = network(name)
        let records = try await records(selector: Labels.selector(stack, namespace: name))
        let network = try await current
        return Found(
            network: network, record: records.first { $0.isWhole && $0.record.uid == network?.id }?.record,
            leftover: records.first { !$0.isWhole }?.record)
    }

    /// By its name or id; nil when there is none.
    func network(_ name: String) async throws -> Network? {
        do { return try await client.get("/networks/\(PodmanClient.escaped(name))/json") } catch let error as PodmanError
            where error.isNotFound
        {
            return nil
        }
    }

    /// The current record of every stack that the labels select, and whether its network is there.
    private func records(selector: [String: String]) async throws -> [(record: StackRecord, isWhole: Bool)] {
        let networks: [Network] = try await client.list("/networks/json", labels: selector)
        let volumes: [Volume] = try await client.list("/volumes/json", labels: selector)
        let ids = Set(networks.map(\.id))
        return StackRecord.current(networks: networks, volumes: volumes).map { ($0, ids.contains($0.uid)) }
    }

    /// Makes a record the current one, at once or not at all. Throws when another one was made in the meantime.
    func write(_ record: StackRecord) async throws {
        do {
            try await client.send(
                .post, "/volumes/create", [], .json(["Name": .string(record.volumeName), "Labels": JSONValue(record.labels)]))
        } catch let error as PodmanError where error.isTaken {
            throw StepError("the record of \(record.stack) was changed by another process at the same time", isRetryable: true)
        }
        for volume in try await volumes(network: record.uid) {
            guard let older = StackRecord(labels: volume.labels, uid: nil), older.generation < record.generation else { continue }
            try await remove(volume)
        }
    }

    func volumes(network uid: String) async throws -> [Volume] { try await client.list("/volumes/json", labels: Self.labels(uid)) }

    func pods(network uid: String) async throws -> [PodSummary] { try await client.list("/pods/json", labels: Self.labels(uid)) }

    func containers(network uid: String) async throws -> [ContainerSummary] {
        try await client.list("/containers/json", [("all", "true")], labels: Self.labels(uid))
    }

    /// On everything that hangs on a network.
    private static func labels(_ uid: String) -> [String: String] { [StackMetadata.managedBy: StackMetadata.manager, Labels.network: uid] }

    func remove(_ volume: Volume) async throws {
        do { try await client.send(.delete, "/volumes/\(PodmanClient.escaped(volume.name))") } catch let error as PodmanError
            where error.isNotFound
        {}
    }

    /// Starts the pods again that a restart of the machine ended. Tries until it can: podman may start later than this process.
    private func resume() async {
        var pause = 0.5
        var told: String?
        while !Task.isCancelled {
            do { return try await startEndedPods() } catch {
                if "\(error)" != told, !(error is CancellationError) {
                    logger.warning("pods could not be started again; trying on", metadata: ["error": "\(error)"])
                }
                told = "\(error)"
            }
            pause = min(pause * 2, 30)
            try? await clock.sleep(until: clock.now.addingTimeInterval(pause))
        }
    }

    /// Only those that were whole.
    private func startEndedPods() async throws {
        let records = try await records(selector: [StackMetadata.managedBy: StackMetadata.manager])
        guard !records.isEmpty else { return }
        try await engine.check()
        for (record, isWhole) in records where isWhole && record.namespace == namespaceName(of: record.stack) {
            let wanted = Set(record.wanted.flatMap(\.pods))
            let containers = try await containers(network: record.uid)
            for infra in containers where infra.isInfra && wanted.contains(infra.podName) && infra.state == "created" {
                try await client.send(.post, "/containers/\(infra.id)/start")
            }
        }
        await keeper.refresh()  // which may have looked before, and not heard of it
    }
}

/// Turns the client's errors into `StepError`; others pass.
func translatingErrors<Value>(about subject: String, _ body: () async throws -> Value) async throws -> Value {
    do { return try await body() } catch let error as PodmanError {
        throw StepError("\(subject): \(error.description)", isRetryable: error.isRetryable)
    }
}
