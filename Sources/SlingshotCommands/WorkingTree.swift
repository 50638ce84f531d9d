import Foundation
import Orchestration
import StagingModel

/// A folder on disk in the place of a commit: what is planned is what lies there.
struct WorkingTree: RefSource {
    let root: URL

    /// The stand-in for the commit that a working tree has not become yet.
    static let commit: CommitID? = CommitID(String(repeating: "0", count: 40))

    func fetch(_ ref: String, of repository: RepositorySettings) async throws -> CommitID {
        throw StepError("a working tree has no \(ref); name a commit with --sha or --ref", isRetryable: false)
    }

    func contains(_ commit: CommitID, in head: CommitID, of repository: RepositorySettings) async throws -> Bool { commit == head }

    func file(_ path: String, at commit: CommitID, of repository: RepositorySettings, limit: Int) async throws -> [UInt8]? {
        try Self.read(root.appending(path: path), limit: limit)
    }

    func files(below folder: String, at commit: CommitID, of repository: RepositorySettings, count: Int, bytes: Int) async throws
        -> [String: [UInt8]]?
    {
        let base = root.appending(path: folder, directoryHint: .isDirectory)
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: base.path, isDirectory: &isDirectory), isDirectory.boolValue else { return nil }
        var files: [String: [UInt8]] = [:]
        var total = 0
        guard let paths = FileManager.default.enumerator(atPath: base.path) else { return [:] }
        while let path = paths.nextObject() as? String {
            let url = base.appending(path: path)
            let type = try FileManager.default.attributesOfItem(atPath: url.path)[.type] as? FileAttributeType
            switch type {
            case .typeRegular?:
                guard let content = try Self.read(url, limit: bytes - total) else { continue }
                total += content.count
                files["\(folder)/\(path)"] = content
            case .typeDirectory?: continue
            default: throw StepError("\(folder)/\(path) is no regular file; remove it: symbolic links are not followed", isRetryable: false)
            }
            guard files.count <= count else {
                throw StepError("more than \(count) files below \(folder); name a smaller folder", isRetryable: false)
            }
        }
        return files
    }

    /// The content of a file; nil when there is none. Throws ``StepError`` when it has more than `limit` bytes.
    static func read(_ url: URL, limit: Int) throws -> [UInt8]? {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        do {
            let handle = try FileHandle(forReadingFrom: url)
            defer { try? handle.close() }
            let data = try handle.read(upToCount: limit + 1) ?? Data()
            guard data.count <= limit else {
                throw StepError("\(url.path) has more than \(limit) bytes; make it smaller", isRetryable: false)
            }
            return Array(data)
        } catch let error as StepError {
            throw error
        } catch {
            throw StepError("can't read \(url.path): \(error.localizedDescription); check its rights", isRetryable: false)
        }
    }
}
