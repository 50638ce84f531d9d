import ArgumentParser
import ControlAPI
import Foundation
import StagingModel
import Yams

/// What a verb prints its result as.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    case table, wide, json, yaml
}

/// `-o`, for every verb that has a result.
struct OutputOptions: ParsableArguments {
    @Option(name: [.customShort("o"), .customLong("output")], help: "How to print the result: table, wide, json or yaml.")
    var format = OutputFormat.table

    /// Prints `value` for programs, or what `table` makes of it for people.
    func print(_ value: some Encodable, table: (_ isWide: Bool) -> String) throws {
        let text =
            switch format {
            case .table: table(false)
            case .wide: table(true)
            case .json: String(decoding: try ControlCoding.encode(value, pretty: true), as: UTF8.self) + "\n"
            case .yaml: try Self.yaml(of: value)
            }
        Terminal.result(text)
    }

    static func yaml(of value: some Encodable) throws -> String {
        let encoder = YAMLEncoder()
        encoder.options = .init(indent: 2, width: -1, allowUnicode: true, sortKeys: true)
        // Through JSON, so that both say the same: instants as RFC 3339 text.
        let data = try ControlCoding.encode(value)
        return try encoder.encode(try JSONDecoder().decode(JSONValue.self, from: data))
    }
}
