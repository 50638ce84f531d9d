import Foundation
import KubernetesClient
import Logging
import Orchestration
import StagingModel

extension KubernetesRuntime {
    /// Kinds of which an object is replaced when it can't be changed. They run once, for one commit; every other kind keeps something
    /// (data, an address, pods that serve) that a deletion would lose.
    private static let replaceable: Set = ["Job", "Pod"]
    /// Seconds that an object gets to be gone. Kubelet removes a pod up to 10 s after its grace; what lasts longer hangs on a finalizer.
    private static let removalLimit = 60.0

    /// Removes the object of this name that can't be changed, so that it can be made anew, and returns when it is gone.
    ///
    /// - Parameter fields: what can't be changed, as ``KubernetesClient/Status/immutableFields`` says it.
    func removeUnchangeable(_ object: PlannedObject, _ resource: APIResource, of stack: StackName, fields: String) async throws {
        guard Self.replaceable.contains(object.kind) else {
            throw StepError(
                "\(object): \(fields); rename the object, or destroy the stack and create it again", isRetryable: false)
        }
        let collection = try ResourcePath(resource, namespace: object.namespace)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await remove(object, from: collection, resource, of: stack, fields: fields) }
            group.addTask {
                try await clock.sleep(until: clock.now.addingTimeInterval(Self.removalLimit))
                throw StepError("\(object) is replaced, and the old one is still being deleted", isRetryable: true)
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func remove(
        _ object: PlannedObject, from collection: ResourcePath, _ resource: APIResource, of stack: StackName, fields: String
    ) async throws {
        var uid: String?
        let changes = client.follow(collection, selector: Selector(fields: "metadata.name=\(object.name)"), as: PartialObject.self)
        for try await change in changes {
            guard let now = change.current?.metadata, uid == nil || now.uid == uid else { return }
            guard uid == nil else { continue }
            guard now.belongs(to: stack) else {
                throw StepError(
                    "\(object): \(fields), and it is not replaced, because it exists without the labels "
                        + "\(StackMetadata.selector(of: stack)); remove it, or rename the object",
                    isRetryable: false)
            }
            uid = now.uid
            try await delete(now, resource)
            logger.info(
                "deleted, to be made anew",
                metadata: ["namespace": "\(object.namespace ?? "")", "object": "\(object)", "uid": "\(now.uid)"])
        }
    }

    /// Starts the deletion of exactly this object, and in the background of what it owns. Nothing happens when it is gone already.
    func delete(_ object: ObjectMetadata, _ resource: APIResource) async throws {
        try Task.checkCancellation()
        let path = try ResourcePath(resource, namespace: object.namespace, name: object.name)
        let grace = resource.kind == Pod.kind ? Self.podGrace : nil
        let options = DeleteOptions(uid: object.uid, gracePeriodSeconds: grace, propagation: .background)
        do { try await client.delete(path, options: options) } catch let error as KubernetesError
            where error.code == 404 || error.code == 409
        {}  // 409: another object has the name now
    }
}

extension ObjectMetadata {
    /// Whether the labels say so that Slingshot puts on everything of a stack.
    func belongs(to stack: StackName) -> Bool {
        labels?[StackMetadata.managedBy] == StackMetadata.manager && labels?[StackMetadata.stack] == stack.description
    }
}

extension StackMetadata {
    /// Selects what belongs to a stack.
    static func selector(of stack: StackName) -> String { "\(managedBy)=\(manager),\(Self.stack)=\(stack)" }
}
