import Foundation
import SlingshotTestSupport
import StagingModel
import Testing

@testable import SlingshotCommands

@Suite struct StateDirectoryTests {
    @Test func `only one process has it at a time`() async throws {
        try await withTemporaryDirectory { directory in
            let state = directory.appending(path: "state")
            let first = try StateDirectory(state)
            let error = #expect(throws: ConfigurationError.self) { try StateDirectory(state) }
            #expect(error?.description.contains("another `slingshot serve`") == true)
            first.unlock()
            try StateDirectory(state).unlock()
        }
    }

    @Test func `the API token is made once, for its owner only`() async throws {
        try await withTemporaryDirectory { directory in
            let (token, file) = try APIToken.load(nil, state: directory)
            #expect(token.count == 64)
            #expect(try APIToken.load(nil, state: directory).token == token)
            let path = try #require(file)
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
            try Data().write(to: URL(filePath: path))
            #expect(throws: ConfigurationError.self) { try APIToken.load(nil, state: directory) }
        }
    }

    @Test func `a configured token that is missing is told with its place`() {
        let error = #expect(throws: ConfigurationError.self) {
            try APIToken.load(.environment("SLINGSHOT_TEST_UNSET"), state: URL(filePath: "/nowhere"))
        }
        #expect(error?.description.contains("SLINGSHOT_TEST_UNSET") == true)
    }
}
