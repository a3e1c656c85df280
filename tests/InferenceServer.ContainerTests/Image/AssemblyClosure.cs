using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace InferenceServer.ContainerTests.Image;

/// <summary>Follows the references of assemblies in a folder.</summary>
internal static class AssemblyClosure
{
    /// <summary>The names of the assemblies that one of them needs, directly or not, and that are not there.</summary>
    public static IReadOnlyCollection<string> FindMissing(string folder, string start)
    {
        var seen = new HashSet<string>();
        var missing = new SortedSet<string>(StringComparer.Ordinal);
        var left = new Stack<string>([start]);
        while (left.TryPop(out var name))
        {
            if (!seen.Add(name))
            {
                continue;
            }

            var path = Path.Combine(folder, name + ".dll");
            if (!File.Exists(path))
            {
                missing.Add(name);
                continue;
            }

            using var assembly = new PEReader(File.OpenRead(path));
            var metadata = assembly.GetMetadataReader();
            foreach (var reference in metadata.AssemblyReferences)
            {
                left.Push(metadata.GetString(metadata.GetAssemblyReference(reference).Name));
            }
        }

        return missing;
    }
}
