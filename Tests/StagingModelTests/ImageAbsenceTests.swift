import StagingModel
import Testing

@Suite struct ImageAbsenceTests {
    /// As containerd, CRI-O, podman and Docker pass on what a registry said.
    @Test(arguments: [
        "registry.example.com/shop:1: not found",
        "reading manifest 1 in registry.example.com/shop: manifest unknown: manifest unknown",
        "reading manifest late in r/shop: name unknown: repository name not known to registry",
        "manifest for registry.example.com/shop:1 not found: manifest unknown: manifest unknown",
        "registry.example.com/acme/authentication:1: not found", "reading manifest 1 in r/credential-store: manifest unknown",
    ]) func somebodyMayYetPushIt(text: String) { #expect(ImageAbsence.isTold(by: text)) }

    @Test(arguments: [
        "", "connection refused", "no such host", "dial tcp: lookup registry.invalid: host not found",
        "unauthorized: authentication required",
        "pull access denied for shop, repository does not exist or may require authorization: server message: insufficient_scope",
        "denied: requested access to the resource is denied", "acme/shop:1: unauthorized: not found", "manifest unknown: access denied",
        "toomanyrequests: You have reached your limit",
        "invalid reference format", "no space left on device", "exec format error",
    ]) func waitingMendsNothing(text: String) { #expect(!ImageAbsence.isTold(by: text)) }
}
