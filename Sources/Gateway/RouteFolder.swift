import Foundation
import Logging
import StagingModel

/// The direct routes as files, which Caddy looks for with each request: `<transport>/<label>/<upstream>`, empty, or a link to the upstream's
/// socket. So they change at once, and Caddy's configuration never does.
///
/// Where a file is missing, and where Caddy may not look, it asks Slingshot instead; a file that is there too long is the danger. So they
/// go before what they lead to goes, and with `serve`: while nobody watches, an address can become another's.
struct RouteFolder: Sendable {
    let settings: GatewaySettings

    /// Beside the socket: whoever may ask may read it, and nobody else.
    var folder: URL {
        URL(filePath: settings.pagesSocket).deletingLastPathComponent().appending(path: "routes", directoryHint: .isDirectory)
    }

    /// Removes what an earlier process left. Throws ``GatewayError`` when that can't be done.
    func clear() throws {
        do { try FileManager.default.removeItem(at: folder) } catch CocoaError.fileNoSuchFile {} catch {
            throw GatewayError.refused("can't remove \(folder.path): \(error.localizedDescription); remove it, or correct its rights")
        }
    }

    /// Those that go first: for a moment Caddy asks. Throws what the file system says, when it has tried all.
    func change(from old: Set<DirectRoute>, to new: Set<DirectRoute>) throws {
        var failure: (any Error)?
        for route in old.subtracting(new) {
            do { try remove(route) } catch { failure = error }
        }
        for route in new.subtracting(old) {
            do { try add(route) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private func place(_ route: DirectRoute) -> URL {
        folder.appending(components: route.transport.rawValue, route.label, directoryHint: .isDirectory)
    }

    private func add(_ route: DirectRoute) throws {
        guard let name = route.fileName else { return }
        let place = place(route)
        for folder in [folder, place.deletingLastPathComponent(), place] where !FileManager.default.fileExists(atPath: folder.path) {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            try settings.openToGroup(folder.path, mode: 0o750)
        }
        let file = place.appending(path: name).path
        if let socket = route.socket {
            // of the link, too, which is what Caddy opens
            guard file.utf8.count <= GatewaySettings.longestSocketPath else { return }
            try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: socket)
        } else {
            try Data().write(to: URL(filePath: file))
        }
    }

    private func remove(_ route: DirectRoute) throws {
        guard let name = route.fileName else { return }
        let place = place(route)
        do { try FileManager.default.removeItem(at: place.appending(path: name)) } catch CocoaError.fileNoSuchFile {}
        // of a stack that is gone nothing stays; another one of the label is not hindered by what is left
        if try FileManager.default.contentsOfDirectory(atPath: place.path).isEmpty { try FileManager.default.removeItem(at: place) }
    }
}
