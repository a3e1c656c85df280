using InferenceServer.Abstractions.Tensors;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.RoundTrips;

/// <summary>A server whose models give back what they get: of every type and rank one with two inputs, and of every type one with a single vector.</summary>
public sealed class EchoServer : IAsyncLifetime
{
    private readonly TemporaryDirectory _folder = new();

    internal RunningServer Server { get; private set; } = null!;

    internal static string Pair(TensorDataType type, int rank) => $"pair_{type.ProtocolName()}_{rank}";

    internal static string Vector(TensorDataType type) => $"vector_{type.ProtocolName()}";

    public async ValueTask InitializeAsync()
    {
        foreach (var type in TensorDataTypes.All.ToArray())
        {
            Write(Vector(type), type, 1, "A");
            for (var rank = 1; rank <= TensorShape.MaxRank; rank++)
            {
                Write(Pair(type, rank), type, rank, "A", "B");
            }
        }

        Server = await RunningServer.StartAsync(_folder.FullPath, flags: ["--log-info=false"]);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _folder.Dispose();
    }

    private void Write(string model, TensorDataType type, int rank, params string[] names)
    {
        var configName = type == TensorDataType.Bytes ? "TYPE_STRING" : "TYPE_" + type.ProtocolName();

        // A body alone can only be one element of BYTES.
        var dims = names.Length == 1 && type == TensorDataType.Bytes ? "1" : string.Join(", ", Enumerable.Repeat("-1", rank));
        string Tensors(string suffix) => string.Join(", ", names.Select(name => $"{{ name: \"{name}{suffix}\" data_type: {configName} dims: [ {dims} ] }}"));
        _folder.Write($"{model}/config.pbtxt", $"backend: \"identity\"\nmax_batch_size: 0\ninput [ {Tensors("")} ]\noutput [ {Tensors("_OUT")} ]\n");
        Directory.CreateDirectory(Path.Combine(_folder.FullPath, model, "1"));
    }
}
