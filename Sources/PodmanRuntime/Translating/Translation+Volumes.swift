import Foundation
import Planning
import StagingModel

extension Translation {
    /// What a ConfigMap or Secret of the plan holds.
    mutating func data(_ name: String, isSecret: Bool, _ isOptional: Bool, _ place: Place) -> [String: [UInt8]] {
        guard let object = (isSecret ? secrets : configMaps)[name] else {
            if !isOptional { refuse(place, "names \(isSecret ? "Secret" : "ConfigMap")/\(name), which the stack does not have; add it") }
            return [:]
        }
        var result: [String: [UInt8]] = [:]
        func text(_ key: String) { for (name, value) in object[key]?.object ?? [:] { result[name] = Array((value.string ?? "").utf8) } }
        func base64(_ key: String) {
            for (name, value) in object[key]?.object ?? [:] {
                guard let bytes = Data(base64Encoded: value.string ?? "", options: .ignoreUnknownCharacters) else {
                    refuse(
                        Place("\(isSecret ? "Secret" : "ConfigMap")/\(object["metadata"]?["name"]?.string ?? "")")[key][name],
                        "is not base64")
                    continue
                }
                result[name] = Array(bytes)
            }
        }
        if isSecret {
            base64("data")
            text("stringData")
        } else {
            text("data")
            base64("binaryData")
        }
        return result
    }
}

extension PodTranslation {
    /// The volumes that the containers mount.
    func volumes(of containers: [PodmanContainer], _ translation: inout Translation) -> [PodmanVolume] {
        let used = Set(containers.flatMap(\.mounts).map(\.volume))
        var volumes: [PodmanVolume] = []
        for name in used.sorted() {
            guard let source = source(of: name, &translation) else { continue }
            volumes.append(PodmanVolume(name: name, source: source))
        }
        return volumes
    }

    /// Nil, and a problem, when there is no volume of that name or podman can't make it.
    func source(of name: String, _ translation: inout Translation) -> PodmanVolume.Source? {
        if (spec["volumeClaimTemplates"]?.array ?? []).contains(where: { $0["metadata"]?["name"]?.string == name }) {
            return .claim("\(name)-\(hostname)")
        }
        let list = podSpec["volumes"]?.array ?? []
        guard let index = list.firstIndex(where: { $0["name"]?.string == name }) else {
            translation.refuse(place["spec"]["volumes"], "has no \"\(name)\", which a container mounts; add it")
            return nil
        }
        let (volume, place) = (list[index], place["spec"]["volumes"][index])
        if let claim = volume["persistentVolumeClaim"]?["claimName"]?.string {
            guard translation.claims[claim] != nil else {
                translation.refuse(place, "names PersistentVolumeClaim/\(claim), which the stack does not have; add it")
                return nil
            }
            return .claim(claim)
        }
        if let empty = volume["emptyDir"] {
            let limit = empty["sizeLimit"].flatMap { bytes($0) }
            let isMemory = empty["medium"] == "Memory"
            if empty["sizeLimit"] != nil, !isMemory || limit == nil {
                translation.refuse(place["emptyDir"]["sizeLimit"], "podman can't limit a folder on disk; remove it, or use medium: Memory")
            }
            return .empty(memory: isMemory, limit: limit)
        }
        if let projected = volume["projected"] {
            translation.expect(projected, place["projected"], ["sources", "defaultMode"])
            var files: [PodmanFile] = []
            for (index, source) in (projected["sources"]?.array ?? []).enumerated() {
                files += self.files(source, place["projected"]["sources"][index], mode: projected["defaultMode"], &translation)
            }
            return .files(files)
        }
        translation.expect(volume, place, ["name", "configMap", "secret", "downwardAPI"])
        return .files(files(volume, place, mode: nil, &translation))
    }

    private func bytes(_ value: JSONValue) -> Int64? {
        guard let text = value.string ?? value.integer.map({ String($0) }) else { return nil }
        return quantity(text).flatMap { $0 > 0 && $0 < 1e18 ? Int64($0.rounded(.up)) : nil }
    }

    /// The files of one ConfigMap, Secret or downward API.
    private func files(_ source: JSONValue, _ place: Place, mode: JSONValue?, _ translation: inout Translation) -> [PodmanFile] {
        var files: [PodmanFile] = []
        for (key, isSecret, nameKey) in [("configMap", false, "name"), ("secret", true, "secretName")] {
            guard let reference = source[key] else { continue }
            let place = place[key]
            let name = (reference[nameKey] ?? reference["name"])?.string ?? ""
            let standard = permissions(reference["defaultMode"] ?? mode, place, &translation)
            let isOptional = reference["optional"] == true
            let data = translation.data(name, isSecret: isSecret, isOptional, place)
            guard let items = reference["items"]?.array else {
                files += data.sorted { $0.key < $1.key }.map { PodmanFile(path: $0.key, mode: standard, content: $0.value) }
                continue
            }
            for (index, item) in items.enumerated() {
                let wanted = item["key"]?.string ?? ""
                guard let content = data[wanted] else {
                    if !isOptional { translation.refuse(place["items"][index], "names the key \"\(wanted)\", which is not there") }
                    continue
                }
                let mode = item["mode"].map { permissions($0, place["items"][index], &translation) } ?? standard
                files.append(PodmanFile(path: item["path"]?.string ?? wanted, mode: mode, content: content))
            }
        }
        for (index, item) in (source["downwardAPI"]?["items"]?.array ?? []).enumerated() {
            guard let path = item["fieldRef"]?["fieldPath"]?.string, let text = field(path, translation) else {
                translation.refuse(place["downwardAPI"]["items"][index], "is not known before the pod runs on podman; remove it")
                continue
            }
            files.append(PodmanFile(path: item["path"]?.string ?? "", mode: 0o644, content: Array(text.utf8)))
        }
        for file in files where !file.path.isPlainRelative {
            translation.refuse(
                place,
                "\"\(file.path.oneLine(limit: 60))\" must be a relative path without .., of at most \(Tar.longestPath) bytes; rename it")
        }
        return files
    }

    private func permissions(_ value: JSONValue?, _ place: Place, _ translation: inout Translation) -> Int {
        guard let value else { return 0o644 }
        guard let mode = value.integer, (0...0o777).contains(mode) else {
            translation.refuse(place, "has a mode that is not between 0 and 0777")
            return 0o644
        }
        return Int(mode)
    }
}

extension ContainerTranslation {
    func mounts(_ translation: inout Translation) -> (mounts: [PodmanContainer.Mount], files: [PodmanFile]) {
        var mounts: [PodmanContainer.Mount] = []
        var files: [PodmanFile] = []
        for (index, mount) in (value["volumeMounts"]?.array ?? []).enumerated() {
            let place = place["volumeMounts"][index]
            translation.expect(mount, place, ["name", "mountPath", "readOnly", "subPath", "mountPropagation"])
            if let propagation = mount["mountPropagation"], propagation != "None" {
                translation.refuse(place["mountPropagation"], "must be None on podman")
            }
            guard let name = mount["name"]?.string, let path = mount["mountPath"]?.string, path.isPlainAbsolute else {
                translation.refuse(place["mountPath"], "must be an absolute path without \"..\" or \":\"")
                continue
            }
            guard let part = mount["subPath"]?.string, !part.isEmpty else {
                mounts.append(.init(volume: name, path: path, readOnly: mount["readOnly"] == true))
                continue
            }
            guard case .files(let all)? = pod.source(of: name, &translation) else {
                translation.refuse(place["subPath"], "is for files of a ConfigMap or Secret on podman; mount the volume whole")
                continue
            }
            let chosen = all.filter { $0.path == part || $0.path.hasPrefix("\(part)/") }
            if chosen.isEmpty { translation.refuse(place["subPath"], "is not in the volume \"\(name)\"; correct it") }
            files += chosen.map { PodmanFile(path: path + $0.path.dropFirst(part.count), mode: $0.mode, content: $0.content) }
        }
        return (mounts, files)
    }
}

extension String {
    fileprivate var isPlainRelative: Bool {
        !isEmpty && utf8.count <= Tar.longestPath && !hasPrefix("/") && !contains("\0")
            && split(separator: "/", omittingEmptySubsequences: false).allSatisfy { $0 != ".." && !$0.isEmpty }
    }

    fileprivate var isPlainAbsolute: Bool {
        hasPrefix("/") && self != "/" && !contains("\0") && !contains(":") && !contains(",") && !split(separator: "/").contains("..")
    }
}
