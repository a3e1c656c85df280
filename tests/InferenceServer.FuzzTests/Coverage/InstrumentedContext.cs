using System.Reflection;
using System.Runtime.Loader;
using SharpFuzz;

namespace InferenceServer.FuzzTests.Coverage;

/// <summary>
/// A second copy of the readers in this process, instrumented so that they count their steps, and of this assembly, which uses them. Nothing outside
/// the process is needed.
/// </summary>
internal sealed class InstrumentedContext : AssemblyLoadContext
{
    private static readonly string[] s_instrumented = ["InferenceServer.Abstractions", "InferenceServer.Core", "InferenceServer.Protocols.KServe"];

    private readonly string _folder;

    private InstrumentedContext(string folder)
        : base("instrumented") => _folder = folder;

    /// <summary>Makes the copies in an empty folder, which must stay while they are in use.</summary>
    public static InstrumentedContext Create(string folder)
    {
        foreach (var name in s_instrumented)
        {
            var path = Path.Combine(folder, name + ".dll");
            File.Copy(Path.Combine(AppContext.BaseDirectory, name + ".dll"), path);

            // The generated messages are not ours, and would drown the rest.
            Fuzzer.Instrument(path, static type => type.StartsWith("InferenceServer.", StringComparison.Ordinal), Options.Value);
        }

        return new InstrumentedContext(folder);
    }

    /// <summary>Calls a static method of the copy of this assembly.</summary>
    public object? Call(string type, string method, params object?[] arguments)
    {
        var own = LoadFromAssemblyName(typeof(InstrumentedContext).Assembly.GetName());
        return own.GetType(type, throwOnError: true)!.GetMethod(method, BindingFlags.Public | BindingFlags.Static)!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null);
    }

    protected override Assembly? Load(AssemblyName assemblyName) => assemblyName.Name switch
    {
        { } name when s_instrumented.Contains(name) => LoadFromAssemblyPath(Path.Combine(_folder, name + ".dll")),
        { } name when name == typeof(InstrumentedContext).Assembly.GetName().Name => LoadFromAssemblyPath(typeof(InstrumentedContext).Assembly.Location),
        _ => null,
    };
}
