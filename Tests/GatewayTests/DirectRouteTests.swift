import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

@testable import Gateway

@Suite struct DirectRouteTests {
    private static func entry(_ routes: [StackRoute]) -> RouteTable.Entry {
        RouteTable.Entry(
            key: .init(runtime: "box", namespaceUID: "uid-1", revision: 1, planDigest: "digest"), stack: Samples.stack(), routes: routes)
    }

    private static func routes(_ routes: [StackRoute], isOpen: Bool = true) -> Set<DirectRoute> {
        DirectRoute.routes(of: entry(routes), below: "staging.example.com", isOpen: isOpen)
    }

    private static let host = "shop-7.staging.example.com"

    @Test func `a host with one way is direct`() {
        let api = StackRoute(host: "shop-7-api.staging.example.com", transport: .h2c, upstreams: ["[fd00::5]:90"])
        #expect(
            Self.routes([StackRoute(host: Self.host, upstreams: ["10.89.0.9:80"]), api]) == [
                DirectRoute(label: "shop-7", transport: .http, upstream: "10.89.0.9:80"),
                DirectRoute(label: "shop-7-api", transport: .h2c, upstream: "[fd00::5]:90"),
            ])
        #expect(DirectRoute.routes(of: nil, below: "staging.example.com", isOpen: true).isEmpty)
    }

    @Test(arguments: [
        [StackRoute(host: host, upstreams: [])],
        [StackRoute(host: host, upstreams: ["10.89.0.9:80", "10.89.0.10:80"])],
        [StackRoute(host: host, path: "/api", upstreams: ["10.89.0.9:80"])],
        [StackRoute(host: host, isExact: true, upstreams: ["10.89.0.9:80"])],
        [StackRoute(host: host, upstreams: ["10.89.0.9:80"]), StackRoute(host: host, path: "/api", upstreams: ["10.89.0.9:81"])],
        // of another stack, of no stack, of another domain
        [StackRoute(host: "shop-8.staging.example.com", upstreams: ["10.89.0.9:80"])],
        [StackRoute(host: "a.shop-7.staging.example.com", upstreams: ["10.89.0.9:80"])],
        [StackRoute(host: "shop-7.example.com", upstreams: ["10.89.0.9:80"])],
        // no file's name, or one that leads elsewhere
        [StackRoute(host: host, upstreams: ["10.89.0.9:80/../x"])], [StackRoute(host: host, upstreams: [".."])],
        [StackRoute(host: host, upstreams: ["unix/"])], [StackRoute(host: host, upstreams: ["unix//run/a b"])],
        [StackRoute(host: host, upstreams: ["localhost:80"])],
    ]) func `what needs a question is not`(routes: [StackRoute]) {
        #expect(Self.routes(routes).isEmpty)
    }

    @Test func `where access is controlled nothing is`() {
        #expect(Self.routes([StackRoute(host: Self.host, upstreams: ["10.89.0.9:80"])], isOpen: false).isEmpty)
    }

    @Test func `files come and go with them`() async throws {
        try await withTemporaryDirectory { directory in
            let folder = GatewaySettings(listen: ":80", domain: "staging.example.com", tls: .off, directory: directory).routes
            func files() throws -> Set<String> {
                let all = FileManager.default.enumerator(atPath: folder.folder.path)?.allObjects as? [String] ?? []
                return Set(all.filter { $0.split(separator: "/").count == 3 })
            }
            try folder.clear()
            let app = DirectRoute(label: "shop-7", transport: .http, upstream: "10.89.0.9:80")
            var moved = app
            moved.upstream = "10.89.0.10:80"
            let socket = DirectRoute(label: "shop-8", transport: .h2c, upstream: "unix//run/pods/10.89.1.2:90")
            try folder.change(from: [], to: [app])
            try folder.change(from: [], to: [socket])
            #expect(try files() == ["http/shop-7/10.89.0.9:80", "h2c/shop-8/unix@10.89.1.2:90"])
            let link = folder.folder.appending(path: "h2c/shop-8/unix@10.89.1.2:90").path
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "/run/pods/10.89.1.2:90")

            try folder.change(from: [app], to: [moved])
            #expect(try files().contains("http/shop-7/10.89.0.10:80"))
            #expect(try !files().contains("http/shop-7/10.89.0.9:80"))
            // the same name, another folder of sockets
            var elsewhere = socket
            elsewhere.upstream = "unix//run/others/10.89.1.2:90"
            try folder.change(from: [socket], to: [elsewhere])
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "/run/others/10.89.1.2:90")
            // somebody removed it before
            try FileManager.default.removeItem(atPath: link)
            try folder.change(from: [elsewhere], to: [])
            try folder.change(from: [moved], to: [])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.folder.appending(path: "http").path).isEmpty)
            try folder.clear()
            #expect(!FileManager.default.fileExists(atPath: folder.folder.path))
        }
    }
}
