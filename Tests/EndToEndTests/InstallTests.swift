import Foundation
import SlingshotTestSupport
import Testing

/// `make install` and `make uninstall`, into a folder.
@Suite(.timeLimit(.minutes(1))) struct InstallTests {
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../deploy/systemd/install")
        .standardizedFileURL

    private func install(_ arguments: [String], into root: URL, prefix: String) async throws -> String {
        try await ChildProcess.run(Self.script, arguments, environment: ["DESTDIR": root.path, "PREFIX": prefix]).output
    }

    private func mode(_ file: URL) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int)
    }

    private func files(_ root: URL) -> Set<String> {
        let all = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
        var isFolder: ObjCBool = false
        return Set(
            all.filter {
                FileManager.default.fileExists(atPath: root.appending(path: $0).path, isDirectory: &isFolder) && !isFolder.boolValue
            })
    }

    @Test(arguments: ["/usr", "/usr/local"]) func allIsPutAndRemovedButWhatIsTheOperators(prefix: String) async throws {
        try await withTemporaryDirectory { root in
            let configuration = root.appending(path: "etc/slingshot/slingshot.yaml")
            let secrets = root.appending(path: "etc/slingshot/secrets.env")
            let said = try await install(["/bin/true"], into: root, prefix: prefix)
            #expect(said.contains("  systemctl enable --now slingshot.service slingshot-reaper.timer\n"))
            #expect(try mode(root.appending(path: "\(prefix)/bin/slingshot")) == 0o755)
            #expect(try mode(secrets) == 0o600)
            let unit = try String(contentsOf: root.appending(path: "\(prefix)/lib/systemd/system/slingshot.service"), encoding: .utf8)
            #expect(unit.contains("ExecStart=\(prefix)/bin/slingshot serve --config /etc/slingshot/slingshot.yaml\n"))
            #expect(!unit.contains("@PREFIX@"))
            let check = try await ChildProcess.run(ServeFixture.binary, ["validate", configuration.path])
            #expect(check.output.contains("ok"))

            try Data("mine\n".utf8).write(to: configuration)
            _ = try await install(["/bin/true"], into: root, prefix: prefix)
            #expect(try String(contentsOf: configuration, encoding: .utf8) == "mine\n")
            #expect(try await install(["--remove"], into: root, prefix: prefix).contains("What stays: /etc/slingshot"))
            #expect(files(root) == ["etc/slingshot/slingshot.yaml", "etc/slingshot/secrets.env"])
        }
    }

    /// - Parameter most: of systemd's exposure level, which is 10 for a unit that confines nothing.
    @Test(arguments: [("slingshot.service", 2.5), ("slingshot-reaper.service", 2.0)])
    func systemdTakesTheUnits(name: String, most: Double) async throws {
        try await withTemporaryDirectory { root in
            _ = try await install(["/bin/true"], into: root, prefix: "/usr/local")
            let unit = root.appending(path: "usr/local/lib/systemd/system/\(name)")
            // a program of that name has to be there
            let text = try String(contentsOf: unit, encoding: .utf8).replacing("/usr/local/bin/slingshot", with: "/bin/true")
            try Data(text.utf8).write(to: unit)
            let analyze = URL(filePath: "/usr/bin/systemd-analyze")
            let verdict = try await ChildProcess.run(analyze, ["verify", "--man=no", unit.path])
            #expect(verdict.output + verdict.errors == "")
            let report = try await ChildProcess.run(
                analyze, ["security", "--offline=yes", "--no-pager", "--threshold=\(Int(most * 10))", unit.path]
            ).output
            #expect(report.contains("Overall exposure level for \(name)"))
        }
    }
}
