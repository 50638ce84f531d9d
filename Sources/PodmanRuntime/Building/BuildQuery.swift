import Orchestration
import StagingModel

/// What podman's API is told of a build.
enum BuildQuery {
    /// Nothing is fetched any more: what the Containerfile begins with was looked at, and is there.
    static func items(_ request: BuildRequest, namespace: String, prefix: String, settings: BuildSettings) -> [(String, String)] {
        // a list, because podman puts the fields of an object in any order, and then finds no layer again
        let labels = BuildLabels.image(request.repository.name, prefix: prefix).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let size = settings.size
        var items = [
            ("dockerfile", request.recipe.file), ("t", request.image), ("labels", list(labels)),
            ("layers", "true"), ("rm", "true"), ("forcerm", "true"), ("pullpolicy", "never"), ("httpproxy", "false"),
            // podman keeps layers for the next build only when it is told the format
            ("outputformat", "application/vnd.oci.image.manifest.v1+json"),
            ("extrahosts", list(["\(BuildLabels.mark(namespace)):127.0.0.1"])),
            // raw sockets would pass by the rules of the build's network; devices are nobody's to make
            ("dropcaps", list(["CAP_NET_RAW", "CAP_MKNOD"])),
            ("memory", "\(settings.memory)"), ("memswap", "\(settings.memory)"),
            ("cpuperiod", "100000"), ("cpuquota", "\(settings.cpu * 100)"),
            ("ulimits", list(["fsize=\(size):\(size)"])),
        ]
        if let target = request.recipe.target { items.append(("target", target)) }
        if !request.recipe.arguments.isEmpty { items.append(("buildargs", JSONValue(request.recipe.arguments).canonicalText)) }
        return items
    }

    private static func list(_ texts: [String]) -> String { JSONValue.array(texts.map { .string($0) }).canonicalText }
}
