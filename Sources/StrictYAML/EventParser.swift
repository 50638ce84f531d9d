// libyaml as it comes with Yams, without Yams' composer: that builds a whole document before anything can look at it, hashes
// every mapping key with aliases followed (a key made of nested aliases takes exponential time, and one made of nested mappings
// quadratic), and runs regular expressions over every scalar. Events can be refused one by one.
internal import CYaml

/// One event of the YAML stream, with its line from 1.
struct Event {
    enum Kind {
        case documentStart
        case streamEnd
        case alias(String)
        case scalar(text: String, isPlain: Bool)
        case sequenceStart
        case mappingStart
        /// The end of a document, a sequence or a mapping: libyaml sees to it that they match.
        case end
    }

    var kind: Kind
    var line: Int
    /// As written in full; nil when none is.
    var tag: String?
    var anchor: String?
}

/// Reads the events of a YAML stream. The bytes have to outlive it.
struct EventParser: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeBufferPointer<UInt8>
    private let file: String

    init(_ input: UnsafeBufferPointer<UInt8>, file: String) throws(YAMLProblem) {
        parser = .allocate(capacity: 1)
        self.input = input
        self.file = file
        guard yaml_parser_initialize(parser) == 1 else {
            throw YAMLProblem(file: file, line: nil, message: "out of memory; try again")
        }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    mutating func next() throws(YAMLProblem) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { yaml_event_delete(&event) }
        let line = Int(event.start_mark.line) + 1
        switch event.type {
        case YAML_STREAM_START_EVENT: return try next()
        case YAML_DOCUMENT_START_EVENT: return Event(kind: .documentStart, line: line)
        case YAML_ALIAS_EVENT: return Event(kind: .alias(text(event.data.alias.anchor) ?? ""), line: line)
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            return Event(
                kind: .scalar(text: text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE), line: line, tag: self.text(scalar.tag),
                anchor: self.text(scalar.anchor))
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            return Event(kind: .sequenceStart, line: line, tag: text(start.tag), anchor: text(start.anchor))
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            return Event(kind: .mappingStart, line: line, tag: text(start.tag), anchor: text(start.anchor))
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return Event(kind: .streamEnd, line: line)
        default: return Event(kind: .end, line: line)
        }
    }

    private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? { pointer.map { String(cString: $0) } }

    private func problem() -> YAMLProblem {
        let state = parser.pointee
        var message = state.problem.map { String(cString: $0) } ?? "it can't be parsed"
        if let context = state.context { message = "\(String(cString: context)), \(message)" }
        let line =
            state.error == YAML_READER_ERROR
            ? input.prefix(state.problem_offset).reduce(into: 1) { if $1 == UInt8(ascii: "\n") { $0 += 1 } }
            : Int(state.problem_mark.line) + 1
        return YAMLProblem(file: file, line: line, message: "not valid YAML: \(message)")
    }
}
