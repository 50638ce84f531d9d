import StagingModel

/// A host that leads to one upstream whatever is asked of it, and whoever asks: Caddy needs no answer of Slingshot's to each request.
struct DirectRoute: Hashable {
    /// The host's first label.
    var label: String
    var transport: StackRoute.Transport
    /// As in ``StackRoute/upstreams``.
    var upstream: String

    /// What of a stack needs no question: all hosts with one route and one upstream, unless access is controlled.
    ///
    /// - Parameter isOpen: whether everybody may look at the stack.
    static func routes(of entry: RouteTable.Entry?, below domain: String, isOpen: Bool) -> Set<DirectRoute> {
        guard let entry, isOpen else { return [] }
        let byHost = Dictionary(grouping: entry.routes, by: \.host)
        return Set(
            byHost.compactMap { host, routes -> DirectRoute? in
                // An engine can't claim the host of another stack.
                guard let read = StackHost(authority: host, domain: domain), read.name == host, read.stack == entry.stack.name else {
                    return nil
                }
                guard routes.count == 1, let route = routes.first, route.path == "/", !route.isExact, route.upstreams.count == 1 else {
                    return nil
                }
                let direct = DirectRoute(label: read.label, transport: route.transport, upstream: route.upstreams[0])
                return direct.fileName == nil ? nil : direct
            })
    }

    /// The path of the upstream's socket; nil when it has an address.
    var socket: String? { upstream.hasPrefix("unix/") ? String(upstream.dropFirst("unix/".count)) : nil }

    /// By which Caddy knows the upstream; nil when it can't be a file's.
    var fileName: String? {
        if let socket {
            let name = socket.split(separator: "/").last.map { Self.socketPrefix + $0 } ?? ""
            return name.wholeMatch(of: /unix@[0-9A-Za-z.:\[\]-]+/) == nil ? nil : name
        }
        return upstream.wholeMatch(of: /[0-9A-Fa-f.:\[\]]+:[0-9]+/) == nil ? nil : upstream
    }

    static let socketPrefix = "unix@"
}
