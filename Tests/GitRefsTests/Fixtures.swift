import Foundation
import Logging
import StagingModel

@testable import GitRefs

func settings(_ url: String, name: String = "shop") -> RepositorySettings {
    RepositorySettings(name: RepositoryName(name)!, forge: "github", repository: "acme/\(name)", url: url, runtime: "cluster")
}

extension GitRefs {
    convenience init(_ folder: TemporaryFolder, timeLimit: Duration = .seconds(60)) {
        self.init(directory: folder.url.appending(path: "git"), timeLimit: timeLimit, logger: Logger(label: "test"))
    }
}
