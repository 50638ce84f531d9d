import KubernetesClient
import Orchestration

extension StepError {
    /// What the cluster said about an object, `Deployment/web`, and whether trying again can help.
    ///
    /// Besides what ``KubernetesClient/KubernetesError/isRetryable`` says: a namespace that is going or gone can be made again, and the
    /// server's admission refuses pods with 403 until a new namespace's service account and quota are known to it.
    init(_ error: KubernetesError, about subject: String) {
        switch error {
        case .status(let status) where status.hasCause("NamespaceTerminating"):
            self.init("\(subject): its namespace is still being deleted, and is made again when it is gone", isRetryable: true)
        case .status(let status) where status.code == 404 && status.details?.kind == "namespaces":
            self.init("\(subject): its namespace is gone", isRetryable: true)
        case .status(let status):
            let isEarly =
                status.code == 403
                && (status.message.contains("status unknown for quota") || status.message.contains("error looking up service account"))
            self.init("\(subject): the cluster says \(status.description.oneLine(limit: 500))", isRetryable: error.isRetryable || isEarly)
        case .unknownKind:
            self.init(
                "\(subject): \(error.description.oneLine(limit: 500)); correct apiVersion and kind, or install what defines it",
                isRetryable: false)
        default:
            self.init("\(subject): \(error.description.oneLine(limit: 500))", isRetryable: error.isRetryable)
        }
    }
}

/// Turns the client's errors into `StepError`; others pass.
func translatingErrors<Value>(about subject: String, _ body: () async throws -> Value) async throws -> Value {
    do { return try await body() } catch let error as KubernetesError { throw StepError(error, about: subject) }
}

extension String {
    /// Text from elsewhere on one line: runs of white space and control characters become a space, and what is over `limit` characters
    /// is cut.
    func oneLine(limit: Int) -> String {
        let words = unicodeScalars.split {
            $0.properties.isWhitespace || $0.properties.generalCategory == .control || $0.properties.generalCategory == .format
        }
        let line = words.map { String($0) }.joined(separator: " ")
        return line.count <= limit ? line : line.prefix(limit - 1) + "…"
    }
}
