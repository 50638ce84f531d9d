/// The path of an object, of a collection, or of a subresource, percent-encoded (RFC 3986): a pure value.
///
///     /apis/apps/v1/namespaces/staging/deployments/web
public struct ResourcePath: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    /// - Parameters:
    ///   - namespace: nil for cluster-scoped resources, and for the collection over all namespaces.
    ///   - name: nil for the collection.
    ///   - subresource: `log`, `status`, `proxy` …
    /// - Throws: ``KubernetesError/invalidAddress(_:)``; another try can't help.
    public init(_ resource: APIResource, namespace: String? = nil, name: String? = nil, subresource: String? = nil) throws(KubernetesError)
    {
        if namespace != nil, !resource.isNamespaced { throw .invalidAddress("a \(resource.kind) is not in a namespace") }
        if namespace == nil, name != nil, resource.isNamespaced { throw .invalidAddress("a \(resource.kind) needs a namespace") }
        if subresource != nil, name == nil { throw .invalidAddress("a subresource needs the name of an object") }
        var path = resource.groupVersion.path
        if let namespace { path += "/namespaces/\(try Self.segment(namespace))" }
        path += "/\(try Self.segment(resource.name))"
        if let name { path += "/\(try Self.segment(name))" }
        if let subresource { path += "/\(try Self.segment(subresource))" }
        description = path
    }

    /// What Kubernetes accepts as a segment of a path (`IsValidPathSegmentName` in k8s.io/apimachinery), so that no name leads elsewhere.
    private static func segment(_ name: String) throws(KubernetesError) -> String {
        guard !name.isEmpty, name != ".", name != "..", !name.contains("/"), !name.contains("%"), name.utf8.count <= 253 else {
            throw .invalidAddress("\"\(name.prefix(253))\" can't be the name of an object: use letters, digits, - and .")
        }
        return percentEncoded(name)
    }
}

/// Escapes everything but RFC 3986's unreserved characters.
func percentEncoded(_ text: String) -> String {
    let hexadecimal = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
            bytes.append(byte)
        default: bytes += [UInt8(ascii: "%"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
