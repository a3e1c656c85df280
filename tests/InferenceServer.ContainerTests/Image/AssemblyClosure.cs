using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace InferenceServer.ContainerTests.Image;

/// <summary>Follows the references of assemblies in a folder, type by type: an assembly that only says where its types have gone does not need them all.</summary>
internal sealed class AssemblyClosure
{
    private readonly string _folder;
    private readonly Dictionary<string, (string Assembly, string Type)[]?> _references = [];
    private readonly Dictionary<string, Dictionary<string, string>> _forwards = [];

    private AssemblyClosure(string folder) => _folder = folder;

    /// <summary>The assemblies that one of them needs, directly or not, and that are not there, with one that asks for it.</summary>
    public static IReadOnlyDictionary<string, string> FindMissing(string folder, string start)
    {
        var closure = new AssemblyClosure(folder);
        var seen = new HashSet<string>();
        var missing = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var left = new Stack<string>([start]);
        while (left.TryPop(out var name))
        {
            if (!seen.Add(name) || closure.Read(name) is not { } references)
            {
                continue;
            }

            foreach (var (assembly, type) in references)
            {
                var home = closure.FindHome(assembly, type);
                if (closure.Read(home) is null)
                {
                    missing.TryAdd(home, name);
                }

                left.Push(home);
            }
        }

        return missing;
    }

    private string FindHome(string assembly, string type)
    {
        while (Read(assembly) is not null && _forwards[assembly].TryGetValue(type, out var target))
        {
            assembly = target;
        }

        return assembly;
    }

    /// <summary>The types of other assemblies that one asks for; null when it is not there.</summary>
    private (string Assembly, string Type)[]? Read(string name)
    {
        if (_references.TryGetValue(name, out var known))
        {
            return known;
        }

        var path = Path.Combine(_folder, name + ".dll");
        if (!File.Exists(path))
        {
            return _references[name] = null;
        }

        using var file = new PEReader(File.OpenRead(path));
        var metadata = file.GetMetadataReader();
        string NameOf(EntityHandle assembly) => metadata.GetString(metadata.GetAssemblyReference((AssemblyReferenceHandle)assembly).Name);
        string TypeOf(StringHandle space, StringHandle type) => $"{metadata.GetString(space)}.{metadata.GetString(type)}";
        _forwards[name] = metadata.ExportedTypes.Select(metadata.GetExportedType).Where(static type => type.Implementation.Kind == HandleKind.AssemblyReference)
            .ToDictionary(type => TypeOf(type.Namespace, type.Name), type => NameOf(type.Implementation));
        return _references[name] = [.. metadata.TypeReferences.Select(metadata.GetTypeReference).Where(static type => type.ResolutionScope.Kind == HandleKind.AssemblyReference)
            .Select(type => (NameOf(type.ResolutionScope), TypeOf(type.Namespace, type.Name)))];
    }
}
