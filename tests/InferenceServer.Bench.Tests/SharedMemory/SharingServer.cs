using System.Globalization;
using System.Text.Json;

namespace InferenceServer.Bench.Tests.SharedMemory;

/// <summary>A server with a model of one output of two elements of FP32, which it writes to shared memory where it is asked to.</summary>
internal sealed class SharingServer : IAsyncDisposable
{
    private const string Metadata = """{"name":"m","versions":["1"],"inputs":[{"name":"x","datatype":"FP32","shape":[-1,2]}],"outputs":[{"name":"y","datatype":"FP32","shape":[2]}]}""";

    private readonly ScriptedServer _server;
    private readonly Func<int, float> _value;
    private readonly Dictionary<string, FileStream> _regions = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private int _inferences;

    /// <param name="value">What both elements are, by the number of the inference from 0.</param>
    public SharingServer(Func<int, float> value)
    {
        _value = value;
        _server = new ScriptedServer((_, line, body) => Task.FromResult<string?>(Answer(line, body)));
    }

    public string Address => _server.Address.ToString();

    /// <summary>Whether it gives regions back.</summary>
    public bool Unregisters { get; init; } = true;

    /// <summary>What is registered.</summary>
    public IReadOnlyCollection<string> Regions => _regions.Keys;

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        foreach (var file in _regions.Values)
        {
            await file.DisposeAsync();
        }
    }

    private string Answer(string line, string body)
    {
        lock (_lock)
        {
            return line.Contains("/stats", StringComparison.Ordinal) ? ScriptedServer.Answer(404, "")
                : line.StartsWith("GET", StringComparison.Ordinal) ? ScriptedServer.Answer(200, Metadata)
                : line.Contains("/register ", StringComparison.Ordinal) ? Register(NameIn(line), body)
                : line.Contains("/unregister ", StringComparison.Ordinal) ? Unregister(NameIn(line))
                : Infer(body);
        }
    }

    private static string NameIn(string line) => line.Split('/')[4];

    private string Register(string name, string body)
    {
        using var document = JsonDocument.Parse(body);
        _regions.Add(name, new FileStream("/dev/shm" + document.RootElement.GetProperty("key").GetString(), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0));
        return ScriptedServer.Answer(200, "");
    }

    private string Unregister(string name)
    {
        if (!Unregisters)
        {
            return ScriptedServer.Answer(500, "it is mine");
        }

        if (_regions.Remove(name, out var file))
        {
            file.Dispose();
        }

        return ScriptedServer.Answer(200, "");
    }

    private string Infer(string body)
    {
        var value = _value(_inferences++);
        if (!body.Contains("shared_memory_region", StringComparison.Ordinal))
        {
            return ScriptedServer.Answer(200, string.Create(CultureInfo.InvariantCulture, $$"""{"model_name":"m","outputs":[{"name":"y","datatype":"FP32","shape":[2],"data":[{{value}},{{value}}]}]}"""));
        }

        using var document = JsonDocument.Parse(body);
        var place = document.RootElement.GetProperty("outputs")[0].GetProperty("parameters");
        var file = _regions[place.GetProperty("shared_memory_region").GetString()!];
        RandomAccess.Write(file.SafeFileHandle, (byte[])[.. BitConverter.GetBytes(value), .. BitConverter.GetBytes(value)], place.GetProperty("shared_memory_offset").GetInt64());
        return ScriptedServer.Answer(200, """{"model_name":"m","outputs":[{"name":"y","datatype":"FP32","shape":[2]}]}""");
    }
}
