/// What registries say of an image that is not there yet, as engines pass it on. Pure.
public enum ImageAbsence {
    /// Whether `text` says that the registry knows no such image: then somebody may yet push it. One that hides it, because it is asked without
    /// the right, could say the same or not; where it speaks of rights, it is not taken for absent.
    public static func isTold(by text: String) -> Bool {
        let text = text.lowercased()
        // containerd: `…: not found`; podman and CRI-O: `reading manifest 1 in …: manifest unknown`, `name unknown`; Docker: `manifest for …
        // not found`
        let isUnknown = ["manifest unknown", "name unknown", " not found:"].contains { text.contains($0) } || text.hasSuffix("not found")
        guard isUnknown else { return false }
        if ["no such host", "host not found"].contains(where: { text.contains($0) }) { return false }
        // An image's own name says nothing of rights: `acme/authentication:1`.
        let words = text.split(separator: " ").filter { !$0.contains("/") }
        return !["denied", "unauthorized", "authentication", "credential"].contains { right in words.contains { $0.contains(right) } }
    }
}
