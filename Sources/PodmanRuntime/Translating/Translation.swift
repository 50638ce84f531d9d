import Crypto
import Foundation
import Planning
import StagingModel

/// Turns a plan's objects into podman's, and keeps what can't be.
struct Translation {
    let plan: Plan
    var problems: [String] = []
    let configMaps: [String: JSONValue]
    let secrets: [String: JSONValue]
    /// The plan's own claims, by name.
    let claims: [String: JSONValue]
    let services: [JSONValue]
    let ingresses: [JSONValue]
    /// The limits of containers that name none, from the LimitRange.
    let defaultLimits: JSONValue?
    private let quota: JSONValue?

    /// What is on the cluster only, and why it needs nothing here.
    static let droppedKinds: [String: String] = [
        "Namespace": "a stack is a network", "ServiceAccount": "there is no API to have rights on",
        "NetworkPolicy": "the network is closed",
        "ResourceQuota": "counted before anything is made", "LimitRange": "its defaults are put on the containers",
        "PodDisruptionBudget": "nothing evicts pods here",
    ]

    init(_ plan: Plan) {
        self.plan = plan
        func objects(_ kind: String) -> [JSONValue] { plan.objects.filter { $0.kind == kind }.map(\.manifest) }
        func byName(_ kind: String) -> [String: JSONValue] {
            Dictionary(objects(kind).map { ($0["metadata"]?["name"]?.string ?? "", $0) }) { first, _ in first }
        }
        configMaps = byName("ConfigMap")
        secrets = byName("Secret")
        claims = byName("PersistentVolumeClaim")
        services = objects("Service")
        ingresses = objects("Ingress")
        defaultLimits = objects("LimitRange").first?["spec"]?["limits"]?.array?.first?["default"]
        quota = objects("ResourceQuota").first?["spec"]?["hard"]
    }

    mutating func refuse(_ place: Place, _ reason: String) { problems.append("\(place.text) \(reason)") }

    /// Refuses every field that is not known to be honoured, or to mean nothing here.
    mutating func expect(_ value: JSONValue?, _ place: Place, _ known: Set<String>) {
        guard let fields = value?.object else { return }
        for key in fields.keys.sorted() where !known.contains(key) && fields[key] != .null {
            refuse(place[key], "can't be honoured by the podman runtime; remove the field, or run the repository on kubernetes")
        }
    }

    mutating func workloads() -> [PodmanWorkload] {
        var workloads: [PodmanWorkload] = []
        for object in plan.objects {
            let (place, spec) = (Place(object.description), object.manifest["spec"] ?? [:])
            switch object.kind {
            case "Deployment":
                let known: Set = [
                    "replicas", "selector", "template", "strategy", "revisionHistoryLimit", "progressDeadlineSeconds", "minReadySeconds",
                    "paused",
                ]
                expect(spec, place["spec"], known)
                if spec["paused"] == true { refuse(place["spec"]["paused"], "would never roll out; remove the field") }
                if let seconds = spec["minReadySeconds"]?.integer, seconds > 0 {
                    refuse(place["spec"]["minReadySeconds"], "can't be honoured by the podman runtime; remove the field")
                }
                workloads.append(workload(object, spec, surges: spec["strategy"]?["type"] != "Recreate"))
            case "StatefulSet":
                let known: Set = [
                    "replicas", "selector", "serviceName", "template", "volumeClaimTemplates", "podManagementPolicy", "updateStrategy",
                    "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy",
                ]
                expect(spec, place["spec"], known)
                let update = spec["updateStrategy"]
                if update?["type"] == "OnDelete" || (update?["rollingUpdate"]?["partition"]?.integer ?? 0) > 0 {
                    refuse(place["spec"]["updateStrategy"], "all pods are updated on podman; remove the field")
                }
                workloads.append(workload(object, spec, surges: false))
            case "DaemonSet":
                expect(spec, place["spec"], ["selector", "template", "updateStrategy", "revisionHistoryLimit"])
                workloads.append(workload(object, spec, surges: false, replicas: 1))  // one box is one node
            case "Job":
                let known: Set = [
                    "template", "selector", "backoffLimit", "parallelism", "completions", "completionMode", "ttlSecondsAfterFinished",
                    "suspend", "manualSelector",
                ]
                expect(spec, place["spec"], known)
                for key in ["parallelism", "completions"] where spec[key] != nil && spec[key] != 1 {
                    refuse(place["spec"][key], "a Job runs once, in one pod, on podman; set it to 1")
                }
                if let mode = spec["completionMode"], mode != "NonIndexed" { refuse(place["spec"]["completionMode"], "must be NonIndexed") }
                if spec["suspend"] == true { refuse(place["spec"]["suspend"], "would never run; remove the field") }
                workloads.append(workload(object, spec, surges: false, replicas: 1))
            case "Pod":
                workloads.append(workload(object, ["template": object.manifest], surges: false, replicas: 1))
            case "Service": checkService(object.manifest, place)
            case "ConfigMap", "Secret", "PersistentVolumeClaim", "Ingress": break
            case "CronJob": refuse(place["kind"], "nothing runs by the clock on podman; use a Job, or run the repository on kubernetes")
            case "HorizontalPodAutoscaler":
                refuse(place["kind"], "nothing scales on podman; set replicas instead, or run the repository on kubernetes")
            default:
                if Self.droppedKinds[object.kind] == nil {
                    refuse(place["kind"], "is unknown to the podman runtime; remove the object, or run the repository on kubernetes")
                }
            }
        }
        return workloads
    }

    private mutating func workload(_ object: PlannedObject, _ spec: JSONValue, surges: Bool, replicas: Int? = nil) -> PodmanWorkload {
        let isPod = object.kind == "Pod"
        let place = isPod ? Place(object.description) : Place(object.description)["spec"]["template"]
        let count = replicas ?? Int(spec["replicas"]?.integer ?? 1)
        let most = Int(quota?["pods"]?.string ?? "") ?? 100
        if count > most { refuse(Place(object.description)["spec"]["replicas"], "a stack may have \(most) pods; lower it") }
        let before = problems.count
        var pods: [PodmanPod] = []
        for index in 0..<min(max(count, 0), most) where problems.count == before {
            var pod = PodTranslation(object: object, spec: spec, place: place, index: index)
                .pod(services: services, &self)
            pod.name = name(of: pod, index: index, object)
            pods.append(pod)
        }
        return PodmanWorkload(kind: object.kind, name: object.name, order: object.order, surges: surges, pods: pods)
    }

    private func name(of pod: PodmanPod, index: Int, _ object: PlannedObject) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let digest = (try? encoder.encode(pod)).map { Array(SHA256.hash(data: $0).prefix(5)) } ?? []
        return "\(plan.namespace)-\(object.name)-\(index)-\(digest.map { String(format: "%02x", $0) }.joined())"
    }

    /// The quota that a cluster would enforce: refused at once, rather than when the last pod does not start.
    mutating func checkQuota(_ workloads: [PodmanWorkload]) {
        let pods = workloads.flatMap(\.pods)
        let place = Place("the stack's")["limits"]
        if let most = quota?["pods"]?.string.flatMap({ Int($0) }), pods.count > most {
            refuse(place["pods"], "has \(pods.count) pods, and \(most) are allowed; lower replicas")
        }
        func sum(_ value: (PodmanContainer) -> Int64?) -> Int64 {
            pods.reduce(0) { total, pod in
                let main = pod.containers.filter { $0.initial == nil }.reduce(0) { $0 + (value($1) ?? 0) }
                return total + max(main, pod.containers.filter { $0.initial != nil }.compactMap(value).max() ?? 0)
            }
        }
        if let text = quota?["limits.memory"]?.string, let most = quantity(text), Double(sum(\.memory)) > most {
            refuse(place["memory"], "its containers' limits sum up to \(sum(\.memory)) bytes, and \(text) are allowed; lower them")
        }
        if let text = quota?["limits.cpu"]?.string, let most = quantity(text), Double(sum(\.cpu)) / 1000 > most {
            refuse(place["cpu"], "its containers' limits sum up to \(sum(\.cpu)) m, and \(text) are allowed; lower them")
        }
        checkClaims(place)
    }

    /// podman does not limit how large a volume gets; what is asked for is counted, as a cluster does.
    private mutating func checkClaims(_ place: Place) {
        var requests = Array(claims.values)
        for object in plan.objects where object.kind == "StatefulSet" {
            let replicas = Int(object.manifest["spec"]?["replicas"]?.integer ?? 1)
            for template in object.manifest["spec"]?["volumeClaimTemplates"]?.array ?? [] {
                // each pod was counted before, so that there are few
                requests += Array(repeating: template, count: min(max(replicas, 0), 1000))
            }
        }
        if let most = quota?["persistentvolumeclaims"]?.string.flatMap({ Int($0) }), requests.count > most {
            refuse(place["volumeClaims"], "has \(requests.count) volume claims, and \(most) are allowed; remove some")
        }
        let sizes = requests.compactMap { $0["spec"]?["resources"]?["requests"]?["storage"] }
        let sum = sizes.reduce(0) { $0 + ($1.string.flatMap { quantity($0) } ?? Double($1.integer ?? 0)) }
        if let text = quota?["requests.storage"]?.string, let most = quantity(text), sum > most {
            refuse(place["storage"], "its claims ask for \(Int64(min(sum, 1e18))) bytes, and \(text) are allowed; lower them")
        }
    }
}

/// Where in an object something is: `Deployment/web: spec.template.spec`.
struct Place {
    let text: String

    init(_ object: String) { text = "\(object):" }
    private init(text: String) { self.text = text }

    subscript(key: String) -> Place { Place(text: text.hasSuffix(":") ? "\(text) \(key)" : "\(text).\(key)") }
    subscript(index: Int) -> Place { Place(text: "\(text)[\(index)]") }
}
