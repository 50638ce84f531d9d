import Orchestration

/// What a stranger's Containerfile asks for beyond its own network and processes: the images that it begins with, and the mounts of its steps.
///
/// buildah's own parser decides what an instruction is, and other versions decide otherwise. So here every line that could begin one is taken
/// for one, continued as far as it could be. What is seen too much is refused, or fetched, for nothing; nothing is overlooked.
struct Containerfile: Hashable {
    static let largest = 256 << 10
    static let mostImages = 20

    struct Image: Hashable {
        var reference: String
        var line: Int
    }

    /// Images that have to be there before the build begins, in the order of the file, each once.
    private(set) var images: [Image] = []

    private let file: String
    private var arguments: [String: String]
    private let given: [String: String]
    private var stages: Set<String> = []

    /// - Parameters:
    ///   - file: its path in the repository, for problems.
    ///   - arguments: the build arguments; they win over `ARG`.
    /// - Throws: not retryable, `file:line: why, and what to write instead`.
    init(_ bytes: [UInt8], file: String, arguments given: [String: String] = [:]) throws(StepError) {
        self.file = file
        self.given = given
        arguments = [:]
        guard let text = String(validating: bytes, as: UTF8.self) else { throw problem(1, "it is not valid UTF-8; write it as UTF-8") }
        let lines = text.drop { $0 == "\u{FEFF}" }.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }.map(String.init)
        for (index, line) in lines.enumerated() {
            guard !line.unicodeScalars.contains(where: { $0.properties.generalCategory == .control && $0 != "\t" }) else {
                throw problem(index + 1, "it has control characters; remove them")
            }
            if line.wholeMatch(of: /#[ \t]*escape[ \t]*=.*/.ignoresCase()) != nil, line.contains("`") {
                throw problem(index + 1, "the escape character has to be \\; remove the line")
            }
        }
        for index in lines.indices {
            let words = Self.words(lines[index...])
            guard let instruction = words.first?.uppercased() else { continue }
            try read(instruction, Array(words.dropFirst()), line: index + 1)
        }
    }

    private mutating func read(_ instruction: String, _ words: [String], line: Int) throws(StepError) {
        let flags = words.prefix { $0.hasPrefix("--") }
        let rest = words.dropFirst(flags.count)
        switch instruction {
        case "FROM": try readFrom(Array(rest), line: line)
        case "ARG":
            for word in rest {
                let (name, value) = Self.pair(word)
                if let value = given[name] ?? value { arguments[name] = Self.unquoted(value) }
            }
        case "RUN": for flag in flags { try checkRun(flag, line: line) }
        case "COPY", "ADD":
            for flag in flags where flag.hasPrefix("--from=") { try require(String(flag.dropFirst("--from=".count)), line: line) }
        case "ONBUILD": throw problem(line, "ONBUILD is not allowed: nothing is built on top of a stack's image; write the step itself")
        default: break
        }
    }

    private mutating func readFrom(_ words: [String], line: Int) throws(StepError) {
        guard let first = words.first else { return }
        try require(try expanded(first, line: line), line: line)
        if words.count >= 3, words[1].uppercased() == "AS" { stages.insert(words[2].lowercased()) }
    }

    /// Takes note of an image, unless it is a stage of this file.
    private mutating func require(_ text: String, line: Int) throws(StepError) {
        let reference = Self.unquoted(text)
        if reference == "scratch" || stages.contains(reference.lowercased()) || Int(reference) != nil { return }
        guard !reference.contains("$") else { throw problem(line, "an image's name has to be written out here; write it without $") }
        let isTransport = Self.transports.contains { reference.hasPrefix("\($0):") }
        guard reference.utf8.count <= 400, !isTransport, reference.wholeMatch(of: Self.name) != nil else {
            throw problem(
                line, "\"\(reference.oneLine(limit: 100))\" is not the name of an image; write one such as docker.io/library/debian:12")
        }
        guard !images.contains(where: { $0.reference == reference }) else { return }
        guard images.count < Self.mostImages else { throw problem(line, "more than \(Self.mostImages) images; use fewer") }
        images.append(Image(reference: reference, line: line))
    }

    /// What stands before a colon to name files of this machine, and other programs' images: containers-transports(5).
    private static let transports = [
        "containers-storage", "dir", "docker", "docker-archive", "docker-daemon", "oci", "oci-archive", "ostree", "sif", "tarball",
    ]

    /// `host:port/path:tag@digest`.
    nonisolated(unsafe) private static let name =
        /([A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?\/)?[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?/

    /// Of the flags of `RUN` only those that reach nothing but the step itself.
    private func checkRun(_ flag: String, line: Int) throws(StepError) {
        if ["--network=none", "--network=default"].contains(flag) { return }
        guard let options = flag.firstMatch(of: /^--mount=(.*)$/)?.1, !flag.contains("$"), !flag.contains("\""), !flag.contains("'") else {
            throw problem(line, "RUN \(flag.oneLine(limit: 60)) is not allowed; remove the flag")
        }
        let pairs = options.split(separator: ",").map { Self.pair(String($0)) }
        guard pairs.contains(where: { $0.name == "type" && $0.value == "tmpfs" }), pairs.filter({ $0.name == "type" }).count == 1 else {
            throw problem(
                line,
                "RUN --mount is allowed with type=tmpfs only: mounts of buildah's can be led out of the build; COPY what the step needs")
        }
        guard pairs.allSatisfy({ ["type", "target", "dst", "destination", "tmpfs-size", "size"].contains($0.name) }),
            pairs.allSatisfy({ !($0.value ?? "").split(separator: "/").contains("..") })
        else { throw problem(line, "RUN --mount=type=tmpfs takes target and size only; remove the rest") }
    }

    /// `$NAME`, `${NAME}` and `${NAME:-text}` of a `FROM`, as `ARG`s before it set them.
    private func expanded(_ text: String, line: Int) throws(StepError) -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[dollar...]
            guard let match = rest.prefixMatch(of: /\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}$]*))?\})/) else {
                throw problem(line, "FROM has an expression that is not known here; write $NAME, or the image's name")
            }
            let name = String(match.1 ?? match.2 ?? "")
            guard let value = arguments[name].flatMap({ $0.isEmpty ? nil : $0 }) ?? match.3.map(String.init) else {
                throw problem(line, "FROM names the argument \(name), which has no value; give `ARG \(name)` a default")
            }
            result += value
            rest = rest[match.range.upperBound...]
        }
        return result + rest
    }

    func problem(_ line: Int, _ message: String) -> StepError { StepError("\(file):\(line): \(message)", isRetryable: false) }

    /// The words of the instruction that could begin with the first of these lines.
    private static func words(_ lines: ArraySlice<String>) -> [String] {
        var text = ""
        for (offset, line) in lines.enumerated() {
            let isComment = line.drop { $0.isWhitespace }.isEmpty || line.drop { $0.isWhitespace }.hasPrefix("#")
            if isComment {
                if offset == 0 { return [] }
                continue
            }
            guard let end = line.firstMatch(of: /\\[ \t]*$/) else {
                text += line
                break
            }
            text += line[..<end.range.lowerBound]
        }
        return text.split { $0.isWhitespace }.map(String.init)
    }

    private static func pair(_ word: String) -> (name: String, value: String?) {
        guard let equals = word.firstIndex(of: "=") else { return (word, nil) }
        return (String(word[..<equals]), String(word[word.index(after: equals)...]))
    }

    private static func unquoted(_ text: String) -> String {
        guard text.count >= 2, let quote = text.first, quote == "\"" || quote == "'", text.last == quote else { return text }
        return String(text.dropFirst().dropLast())
    }
}
