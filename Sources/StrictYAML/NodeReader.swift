import StagingModel

/// Builds nodes from events, within the limits.
struct NodeReader: ~Copyable {
    private var events: EventParser
    private let file: String
    private let limits: YAMLLimits
    private var nodes = 0
    private var bytes = 0
    private var anchors: [String: Anchored] = [:]

    /// A node that an alias can name, with what its expansion costs.
    private struct Anchored {
        var node: YAMLNode
        var nodes: Int
        var bytes: Int
        var height: Int
    }

    init(_ events: consuming EventParser, file: String, limits: YAMLLimits) {
        self.events = events
        self.file = file
        self.limits = limits
    }

    /// All documents, the empty ones included.
    mutating func documents() throws(YAMLProblem) -> [YAMLNode] {
        var documents: [YAMLNode] = []
        while true {
            let start = try events.next()
            guard case .documentStart = start.kind else { return documents }
            guard documents.count < limits.documents else {
                throw problem(start.line, "more than \(limits.documents) documents; split the file")
            }
            anchors.removeAll()
            documents.append(try read(try events.next(), depth: 1).node)
            _ = try events.next()
        }
    }

    private mutating func read(_ event: Event, depth: Int) throws(YAMLProblem) -> (node: YAMLNode, height: Int) {
        let before = (nodes: nodes, bytes: bytes)
        var height = 1
        let content: YAMLNode.Content
        switch event.kind {
        case .alias(let name):
            guard let anchored = anchors[name] else {
                throw problem(event.line, "the alias *\(name) names no anchor before it; define &\(name) first")
            }
            try spend(nodes: anchored.nodes, bytes: anchored.bytes, depth: depth + anchored.height - 1, line: event.line)
            return (anchored.node, anchored.height)
        case .scalar(let text, let isPlain):
            try spend(nodes: 1, bytes: text.utf8.count, depth: depth, line: event.line)
            content = .scalar(try scalar(text, isPlain: isPlain, event))
        case .sequenceStart:
            try spend(nodes: 1, bytes: 0, depth: depth, line: event.line)
            try allow(event, tag: "tag:yaml.org,2002:seq")
            var items: [YAMLNode] = []
            while let next = try nextInside() {
                let (item, below) = try read(next, depth: depth + 1)
                height = max(height, below + 1)
                items.append(item)
            }
            content = .sequence(items)
        case .mappingStart:
            try spend(nodes: 1, bytes: 0, depth: depth, line: event.line)
            try allow(event, tag: "tag:yaml.org,2002:map")
            (content, height) = try mapping(depth: depth)
        case .documentStart, .streamEnd, .end:
            throw problem(event.line, "not valid YAML: a value is missing")
        }
        let node = YAMLNode(content, line: event.line)
        if let anchor = event.anchor {
            anchors[anchor] = Anchored(node: node, nodes: nodes - before.nodes, bytes: bytes - before.bytes, height: height)
        }
        return (node, height)
    }

    private mutating func mapping(depth: Int) throws(YAMLProblem) -> (YAMLNode.Content, height: Int) {
        var fields: [YAMLField] = []
        var lines: [String: Int] = [:]
        var merged: [YAMLNode] = []
        var height = 2
        while let next = try nextInside() {
            guard case .scalar(let name) = try read(next, depth: depth + 1).node.content else {
                throw problem(next.line, "a mapping or a list can't be a key; write a string")
            }
            let (value, below) = try read(try events.next(), depth: depth + 1)
            height = max(height, below + 1)
            if name.text == "<<", case .scalar(_, isPlain: true) = next.kind {
                merged.append(value)
                continue
            }
            guard case .string(let key) = name.value else {
                throw problem(next.line, "the key \(name.text) is not a string; write it in quotes: \(Wording.quoted(name.text))")
            }
            // YAML's own limit for a key, which a short one passes once its characters are escaped: no other parser, the API server's among
            // them, could read such a mapping again.
            if key.utf8.count > 160, JSONValue.string(key).canonicalBytes.count > 1_000 {
                throw problem(next.line, "the key \(Wording.quoted(key)) has more than 1000 characters; shorten it")
            }
            if let first = lines.updateValue(next.line, forKey: key) {
                throw problem(next.line, "the key \(Wording.quoted(key)) is given already in line \(first); keep one of them")
            }
            fields.append(YAMLField(key: key, line: next.line, value: value))
        }
        for source in merged { try merge(source, into: &fields, known: &lines) }
        return (.mapping(fields), fields.isEmpty ? 1 : height)
    }

    /// https://yaml.org/type/merge.html: what the mapping says itself wins, then the earlier of several.
    private func merge(_ source: YAMLNode, into fields: inout [YAMLField], known: inout [String: Int]) throws(YAMLProblem) {
        let sources = if case .sequence(let several) = source.content { several } else { [source] }
        for source in sources {
            guard case .mapping(let added) = source.content else {
                throw problem(source.line, "<< takes a mapping or a list of mappings; name an anchor of one")
            }
            for field in added where known[field.key] == nil {
                known[field.key] = field.line
                fields.append(field)
            }
        }
    }

    private func scalar(_ text: String, isPlain: Bool, _ event: Event) throws(YAMLProblem) -> YAMLScalar {
        if event.tag == nil, isPlain {
            guard let value = resolvePlainScalar(text) else {
                throw problem(event.line, "\(text) is not a JSON number; write it in quotes")
            }
            return YAMLScalar(text: text, value: value, isTaggedString: false)
        }
        try allow(event, tag: "tag:yaml.org,2002:str")
        return YAMLScalar(text: text, value: .string(text), isTaggedString: event.tag != nil)
    }

    /// The next event of a sequence or a mapping; nil when it ends.
    private mutating func nextInside() throws(YAMLProblem) -> Event? {
        let event = try events.next()
        if case .end = event.kind { return nil }
        return event
    }

    private func allow(_ event: Event, tag: String) throws(YAMLProblem) {
        guard let given = event.tag, given != tag else { return }
        throw problem(event.line, "the tag \(Wording.quoted(given)) is not supported; remove it")
    }

    private mutating func spend(nodes: Int, bytes: Int, depth: Int, line: Int) throws(YAMLProblem) {
        self.nodes += nodes
        self.bytes += bytes
        guard depth <= limits.depth else { throw problem(line, "more than \(limits.depth) levels inside each other; nest less") }
        guard self.nodes <= limits.nodes else {
            throw problem(line, "more than \(limits.nodes) values, aliases expanded; make the file smaller")
        }
        guard self.bytes <= 4 * limits.bytes else {
            throw problem(line, "more than \(4 * limits.bytes) bytes, aliases expanded; use fewer aliases")
        }
    }

    private func problem(_ line: Int, _ message: String) -> YAMLProblem { YAMLProblem(file: file, line: line, message: message) }
}
