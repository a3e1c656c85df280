using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Executions;

/// <summary>The values that a sequence consists of, each with an owner of its own in the engine.</summary>
internal sealed class Pieces : IDisposable
{
    private readonly OrtValue[] _values;
    private int _count;

    private Pieces(int count) => _values = new OrtValue[count];

    public int Count => _count;

    public ReadOnlySpan<OrtValue> All => _values.AsSpan(0, _count);

    public OrtValue this[int index] => _values[index];

    /// <summary>The elements of a sequence.</summary>
    public static Pieces Of(OrtValue sequence) => Make(sequence.GetValueCount(), i => sequence.GetValue(i, OrtAllocator.DefaultInstance));

    /// <summary>The keys or the values of each of some maps.</summary>
    public static Pieces PartsOf(Pieces maps, int part) => Make(maps.Count, i => maps[i].GetValue(part, OrtAllocator.DefaultInstance));

    public void Dispose()
    {
        foreach (var value in All)
        {
            value.Dispose();
        }
    }

    private static Pieces Make(int count, Func<int, OrtValue> get)
    {
        var pieces = new Pieces(count);
        try
        {
            for (var i = 0; i < count; i++)
            {
                pieces._values[i] = get(i);
                pieces._count++;
            }

            return pieces;
        }
        catch
        {
            pieces.Dispose();
            throw;
        }
    }
}
