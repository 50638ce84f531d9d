import Foundation
import GitRefs
import StagingModel

/// The `post-receive` hook of a plain git server, held against the five steps of docs/forges.md. Pure.
struct HookFindings {
    var area: String
    var settings: RepositorySettings
    var publicURL: String?

    /// `repository` is nil when it is on another machine.
    func findings(of repository: LocalRepository?) -> [Finding] {
        guard let repository else {
            return [
                .unknown(
                    area, "hook", "it is where \(settings.url) leads, and can't be seen from here",
                    fix: "there, look at hooks/post-receive and at `git config --get-regexp '^slingshot\\.'`, and push")
            ]
        }
        return [hook(repository), address(repository), name(repository), secret(repository), branches(repository)]
    }

    private func hook(_ repository: LocalRepository) -> Finding {
        guard let text = repository.hook else {
            return .failed(area, "hook", "it has no hooks/post-receive", fix: "install webhooks/git/post-receive there")
        }
        guard text.contains("slingshot") else {
            return .failed(
                area, "hook", "its hooks/post-receive is another one",
                fix: "let that run webhooks/git/post-receive too, with the same input")
        }
        guard repository.isHookExecutable else {
            return .failed(area, "hook", "its hooks/post-receive can't be run", fix: "chmod +x it")
        }
        return .ok(area, "hook", "hooks/post-receive is there")
    }

    private func address(_ repository: LocalRepository) -> Finding {
        let check = "slingshot.url"
        let expected = publicURL.map { WebhookFindings.joined($0, "/webhooks/generic") }
        let fix = "git config slingshot.url \(expected ?? "https://slingshot.example.com/webhooks/generic")"
        guard let url = repository.settings["url"]?.last else { return .failed(area, check, "it is not set", fix: fix) }
        guard url.hasSuffix("/webhooks/generic"), expected.map({ $0 == url }) ?? true else {
            return .failed(area, check, "it is \(WebhookFindings.bare(url))", fix: fix)
        }
        return .ok(area, check, WebhookFindings.bare(url))
    }

    private func name(_ repository: LocalRepository) -> Finding {
        let check = "slingshot.repository"
        let fix = "git config slingshot.repository \(settings.repository)"
        guard let name = repository.settings["repository"]?.last else { return .failed(area, check, "it is not set", fix: fix) }
        guard name.lowercased() == settings.repository.lowercased() else {
            return .failed(area, check, "it is \(name), and \(settings.repository) in the server's configuration", fix: fix)
        }
        return .ok(area, check, name)
    }

    private func secret(_ repository: LocalRepository) -> Finding {
        let check = "slingshot.secretFile"
        guard let file = repository.settings["secretfile"]?.last else {
            return .failed(
                area, check, "it is not set", fix: "git config slingshot.secretFile FILE, with the repository's `webhookSecret` in it")
        }
        let attributes = try? FileManager.default.attributesOfItem(atPath: file)
        guard let size = attributes?[.size] as? Int else {
            return .failed(area, check, "\(file) is not there", fix: "make it, or correct the path")
        }
        guard size > 0 else { return .failed(area, check, "\(file) is empty", fix: "put the repository's `webhookSecret` into it") }
        guard let mode = attributes?[.posixPermissions] as? Int, mode & 0o007 == 0 else {
            return .failed(area, check, "\(file) is readable for everybody on that machine", fix: "chmod o= \(file)")
        }
        return .ok(area, check, file)
    }

    private func branches(_ repository: LocalRepository) -> Finding {
        let check = "slingshot.branches"
        guard let patterns = repository.settings["branches"], !patterns.isEmpty else {
            return .warning(
                area, check, "none: only pushed refs/pull/N/head become stacks", fix: "git config slingshot.branches 'preview/*'")
        }
        return .ok(area, check, patterns.joined(separator: ", "))
    }
}
