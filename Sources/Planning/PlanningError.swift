public import StrictYAML

/// Why no plan can be made of a commit. Every problem is one of the stack file, the manifests or the configuration, names its
/// fix, and stays until one of them changes: trying again can't help.
public struct PlanningError: Error, Hashable, CustomStringConvertible {
    /// At least one, in the order in which they were found; 50 at most.
    public let problems: [YAMLProblem]

    public init(_ problems: [YAMLProblem]) { self.problems = Array(problems.prefix(50)) }

    init(_ problem: YAMLProblem) { self.init(problem.all) }

    /// One line a problem: `file:line: message`.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
