import Foundation
import Glibc
import SlingshotTestSupport
import StagingModel
import Testing

@testable import Gateway

@Suite struct PagesSocketTests {
    func settings(_ socket: URL, group: String?, in directory: URL) -> GatewaySettings {
        GatewaySettings(
            listen: ":443", domain: "staging.example.com", tls: .off, directory: directory, caddy: .shared(.tcp("127.0.0.1:2019")),
            socket: socket.path, group: group)
    }

    func mode(_ url: URL) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? Int
    }

    @Test func `the group may go there and open it, and nobody else`() async throws {
        let group = try #require(getgrgid(getgid()).map { String(cString: $0.pointee.gr_name) })
        try await withTemporaryDirectory { directory in
            let socket = directory.appending(path: "run/pages.sock")
            let settings = settings(socket, group: group, in: directory)
            try settings.preparePagesSocket()
            #expect(try mode(socket.deletingLastPathComponent()) == 0o710)
            try Data().write(to: socket)
            try settings.openPagesSocket()
            #expect(try mode(socket) == 0o660)
            try settings.routes.change(from: [], to: [DirectRoute(label: "shop-7", transport: .http, upstream: "10.89.0.9:80")])
            for path in ["routes", "routes/http", "routes/http/shop-7"] {
                #expect(try mode(socket.deletingLastPathComponent().appending(path: path)) == 0o750)
            }
        }
    }

    @Test func `a folder that is there stays as it is, and an unknown group is told`() async throws {
        try await withTemporaryDirectory { directory in
            let before = try mode(directory)
            let settings = settings(directory.appending(path: "pages.sock"), group: "no-such-group", in: directory)
            try settings.preparePagesSocket()
            #expect(try mode(directory) == before)
            let error = #expect(throws: GatewayError.self) { try settings.openPagesSocket() }
            #expect(error?.description == "there is no group no-such-group; correct `routing.caddy.group`")
        }
    }
}
