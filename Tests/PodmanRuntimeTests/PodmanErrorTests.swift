import Testing

@testable import PodmanRuntime

/// podman's own words.
@Suite struct PodmanErrorTests {
    @Test(arguments: [
        (404, "no such network", "", true),
        (500, "no volume with name shop-9-record-1 found in database: no such volume", "no such volume", true),
        (500, "determining buildah container for container 068d: container not known", "container not known", true),
        (500, "write /var/lib/containers/x: no space left on device", "no space left on device", false),
        (409, "no such pod", "", false),
    ]) func `a list that misses what just went is told from one that fails`(code: Int, message: String, cause: String, went: Bool) {
        #expect(PodmanError.status(code: code, message: message, cause: cause).isAboutWhatWent == went)
        #expect(!PodmanError.transport(message).isAboutWhatWent)
    }
}
