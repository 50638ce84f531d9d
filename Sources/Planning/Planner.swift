import Crypto
public import StagingModel
import StrictYAML

/// Renders a pull request's stack: the objects of its source, reviewed and decorated, behind those that isolate it.
///
/// Pure: equal requests give equal plans. Throws everything that is wrong at once, as far as it can be seen at once.
public func plan(_ request: PlanRequest) throws(PlanningError) -> Plan {
    if let place = request.stackFile?.buildValue, request.image == nil {
        throw PlanningError(
            place.problem("this server has no place for the image; set `builds.push` in its configuration to a registry, or remove `build`")
        )
    }
    let decoration = Decoration(request)
    let policy = ManifestPolicy(request)
    let manifests = try sourceManifests(request)
    var problems: [YAMLProblem] = []
    var seen: Set<String> = []
    var objects: [PlannedObject] = []
    for manifest in manifests {
        problems += policy.review(manifest)
        guard let allowed = AllowedKind.of(manifest, policy.allow) else { continue }
        let group = allowed.fields == nil ? manifest.kindAndGroup : manifest.kind
        if !seen.insert("\(group)/\(manifest.name)").inserted {
            problems.append(manifest.problem(FieldPath("metadata", "name"), "a second object of this kind and name; rename or remove one"))
        }
        guard problems.isEmpty else { continue }
        var value = manifest.value
        decoration.decorate(&value, kind: manifest.kind, podTemplate: allowed.podTemplate)
        objects.append(
            PlannedObject(
                apiVersion: value["apiVersion"]?.string ?? "", kind: manifest.kind, name: manifest.name, namespace: decoration.namespace,
                wave: allowed.wave, manifest: value))
    }
    problems += Endpoint.problems(request.endpoints, among: objects)
    guard problems.isEmpty else { throw PlanningError(problems) }
    return try assemble(request, objects, decoration, manifests)
}

/// The objects that the stack file, or else the server's configuration, asks for.
private func sourceManifests(_ request: PlanRequest) throws(PlanningError) -> [Manifest] {
    let base = ExpressionScope(request)
    var given = try Values.given(request, scope: base)
    if let stackFile = request.stackFile, case .manifests(let folder) = stackFile.source {
        let scope = base.adding("values", .object(given.mapValues(\.value)))
        return try ManifestFolder.objects(in: folder, files: request.files, scope: scope, named: stackFile.sourceValue)
    }
    let place = request.stackFile?.sourceValue ?? Values.configuration(of: request.repository)
    guard case .template(let name)? = request.stackFile?.source ?? request.repository.template.map({ .template($0) }) else {
        let message = "the commit has none, and the server names no template for the repository; add one, such as template: web"
        throw PlanningError(YAMLProblem(file: StackFile.path, line: nil, message: message))
    }
    guard let shipped = Template.shipped[name] else {
        throw PlanningError(place.problem("no such template: \(Wording.unknown(name, among: Template.shipped.keys.sorted()))"))
    }
    let template = try shipped.get()
    if request.stackFile != nil {
        // The server's values may be meant for the template that the stack file replaces.
        let names = Set(template.parameters.map(\.name))
        given = given.filter { $0.value.isFromStackFile || names.contains($0.key) }
    }
    let values = try template.values(given, scope: base, place: place)
    do {
        return try template.render(base.adding("values", values))
    } catch {
        throw PlanningError(error)
    }
}

/// Puts the objects in order, and takes the plan's digest.
private func assemble(
    _ request: PlanRequest, _ rendered: [PlannedObject], _ decoration: Decoration, _ manifests: [Manifest]
) throws(PlanningError) -> Plan {
    var configuration = SHA256()
    var readsConfiguration = false
    for object in rendered where object.kind == "ConfigMap" || object.kind == "Secret" {
        configuration.update(data: object.manifest.canonicalBytes)
        readsConfiguration = true
    }
    var objects = Isolation.objects(request)
    let isolating = objects.count
    objects += rendered
    objects += Endpoint.objects(request, decoration)
    if readsConfiguration {
        let digest = hexadecimal(configuration.finalize())
        for index in objects.indices.dropFirst(isolating) {
            let kind = objects[index].kind
            decoration.mark(&objects[index].manifest, kind: kind, podTemplate: AllowedKind.all[kind]?.podTemplate, digest: digest)
        }
    }
    var problems: [YAMLProblem] = []
    let texts = objects.map(\.manifest.canonicalBytes)
    for (index, text) in texts.enumerated()
    where (isolating..<isolating + manifests.count).contains(index) && text.count > ManifestPolicy.largestManifest {
        let message = "\(text.count) bytes, and \(ManifestPolicy.largestManifest) are allowed; make it smaller"
        problems.append(manifests[index - isolating].problem(FieldPath(), message))
    }
    guard problems.isEmpty else { throw PlanningError(problems) }
    let order = objects.indices.map { (isolates: $0 < isolating, place: $0, object: objects[$0]) }.sorted { a, b in
        let (before, after) = (a.isolates ? Int.min : a.object.order, b.isolates ? Int.min : b.object.order)
        return (before, a.object.wave, a.place) < (after, b.object.wave, b.place)
    }.map(\.place)
    var digest = SHA256()
    for (place, index) in order.enumerated() {
        if place > 0 { digest.update(data: [UInt8(ascii: "\n")]) }
        digest.update(data: texts[index])
    }
    return Plan(
        stack: request.stack, namespace: decoration.namespace, commit: request.commit, url: request.addressing.url(of: request.stack),
        endpoints: request.endpoints.map {
            StackEndpoint(name: $0.name, url: request.addressing.url(of: request.stack, endpoint: $0.name))
        }, timeToLive: request.stackFile?.timeToLive, objects: order.map { objects[$0] }, digest: hexadecimal(digest.finalize()))
}

func hexadecimal(_ digest: SHA256Digest) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
