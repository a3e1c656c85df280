using InferenceServer.FuzzTests.Coverage;
using InferenceServer.FuzzTests.Engine;

namespace InferenceServer.FuzzTests;

/// <summary>The instrumented copy of the readers, made once.</summary>
public sealed class InstrumentedReaders : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("inference-server-fuzz-").FullName;
    private readonly InstrumentedContext _context;

    public InstrumentedReaders() => _context = InstrumentedContext.Create(_folder);

    public string Run(string target, string keptFolder, string? corpusFolder, int seed, int iterations, int seconds) =>
        (string)_context.Call(typeof(FuzzSession).FullName!, nameof(FuzzSession.Run), target, keptFolder, corpusFolder, seed, iterations, seconds)!;

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
