import Foundation
import Orchestration

/// The files of a mirror: a bare repository that is a cache. What is here is written by git alone, and whatever is wrong with it can be
/// made anew. It records no address: each fetch is told the configured one.
struct MirrorFolder: Hashable, Sendable {
    let url: URL
    var path: String { url.path(percentEncoded: false) }

    private static let fixed = [
        "HEAD": "ref: refs/heads/none\n",
        "config": "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
    ]

    /// Where a mirror is built that shall take this one's place.
    var successor: MirrorFolder { sibling("new") }

    private func sibling(_ suffix: String) -> MirrorFolder {
        MirrorFolder(
            url: url.deletingLastPathComponent().appending(path: ".\(url.lastPathComponent).\(suffix)", directoryHint: .isDirectory))
    }

    /// The file of the mirror's own ref for a target.
    func ref(_ target: FetchTarget) -> URL { url.appending(path: Self.refName(target)) }
    static func refName(_ target: FetchTarget) -> String { "refs/fetched/\(target.key)" }

    /// Makes the mirror where there is none, and mends what a crash or a stray hand can leave: files half made, locks that nobody holds
    /// any more, settings that are not ours. Nothing else may work on the mirror meanwhile, except for reading.
    func prepare(for target: FetchTarget) throws(StepError) {
        do {
            let files = FileManager.default
            for leftover in [sibling("new"), sibling("old")] { try leftover.remove() }
            for folder in ["", "objects", "refs", "objects/pack", "objects/info", "refs/fetched"] {
                var isFolder: ObjCBool = false
                let place = url.appending(path: folder).path
                if files.fileExists(atPath: place, isDirectory: &isFolder), !isFolder.boolValue { try files.removeItem(atPath: place) }
            }
            // Other users of the machine have no business in the code of a private repository.
            for folder in ["objects/pack", "objects/info", "refs/fetched"] {
                try files.createDirectory(
                    at: url.appending(path: folder), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
            for (name, text) in Self.fixed where files.contents(atPath: url.appending(path: name).path) != Data(text.utf8) {
                try Data(text.utf8).write(to: url.appending(path: name), options: .atomic)
            }
            for leftover in ["shallow", "packed-refs", "objects/info/alternates"].map({ url.appending(path: $0) }) + strays() {
                if files.fileExists(atPath: leftover.path) { try files.removeItem(at: leftover) }
            }
            if let bytes = files.contents(atPath: ref(target).path), !Self.isObjectID(bytes) { try files.removeItem(at: ref(target)) }
        } catch {
            throw StepError(
                "the mirror \(path) can't be made ready: \(oneLine(error.localizedDescription)); check the state folder's rights and space",
                isRetryable: true)
        }
    }

    private static func isObjectID(_ bytes: Data) -> Bool {
        bytes.count == 41 && bytes.last == UInt8(ascii: "\n") && bytes.dropLast().allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
    }

    /// What a killed git leaves: locks, half-written packs, and marks that keep a pack from ever being merged.
    private func strays() -> [URL] {
        let packs = names(in: "objects/pack")
        let complete = Set(packs.filter { $0.hasSuffix(".idx") }.map { $0.dropLast(4) })
        let strayPacks = packs.filter { name in
            name.hasPrefix("tmp_") || name.hasPrefix(".tmp-") || name.hasSuffix(".keep") || name.hasSuffix(".lock")
                || name.hasSuffix(".pack") && !complete.contains(name.dropLast(5))
        }
        return strayPacks.map { url.appending(path: "objects/pack/\($0)") }
            + names(in: "").filter { $0.hasSuffix(".lock") }.map { url.appending(path: $0) }
            // refs that are not ours would keep what they reach for ever
            + names(in: "refs").filter { $0 != "fetched" }.map { url.appending(path: "refs/\($0)") }
            + names(in: "refs/fetched").filter { $0.hasSuffix(".lock") }.map { url.appending(path: "refs/fetched/\($0)") }
    }

    private func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: url.appending(path: folder).path)) ?? []
    }

    /// Takes the place of `other`. A crash in between leaves either, or none, which ``prepare(for:)`` makes good.
    func replace(_ other: MirrorFolder) throws(StepError) {
        do {
            let old = other.sibling("old")
            try old.remove()
            if FileManager.default.fileExists(atPath: other.path) { try FileManager.default.moveItem(at: other.url, to: old.url) }
            try FileManager.default.moveItem(at: url, to: other.url)
            try old.remove()
        } catch {
            throw StepError("the mirror \(other.path) can't be replaced: \(oneLine(error.localizedDescription))", isRetryable: true)
        }
    }

    func remove() throws {
        if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(at: url) }
    }
}

extension MirrorFolder {
    var packCount: Int { names(in: "objects/pack").count { $0.hasSuffix(".pack") } }

    /// Of all packs, in bytes.
    var size: Int {
        names(in: "objects/pack").reduce(0) { sum, name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: url.appending(path: "objects/pack/\(name)").path)
            return sum + ((attributes?[.size] as? Int) ?? 0)
        }
    }

    /// Notes that the target was asked for: the file's time says how long ago that was.
    func touch(_ target: FetchTarget, at now: Date) {
        try? FileManager.default.setAttributes([.modificationDate: now], ofItemAtPath: ref(target).path)
    }

    /// Forgets the refs that nobody asked for since `date`.
    func dropRefs(before date: Date) {
        for name in names(in: "refs/fetched") {
            let file = url.appending(path: "refs/fetched/\(name)")
            let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
            if let time = attributes?[.modificationDate] as? Date, time < date { try? FileManager.default.removeItem(at: file) }
        }
    }

    /// The size right after unreachable objects were dropped last; 0 before that. Kept beside git's own files.
    var cleanSize: Int {
        get { FileManager.default.contents(atPath: cleanSizeFile.path).flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0 }
        nonmutating set { try? Data("\(newValue)".utf8).write(to: cleanSizeFile, options: .atomic) }
    }

    private var cleanSizeFile: URL { url.appending(path: "clean-size") }
}
