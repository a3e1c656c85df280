namespace InferenceServer.LoadGenerator.Models;

/// <summary>
/// Writes a transformer encoder as an ONNX file, from X to Y, both [batch, positions, width]: normalisation, attention of several heads, a wide linear map with GELU, each spelt in elementary
/// operators, so that an engine has much to fuse. The weights are made up, and the same each time.
/// </summary>
internal sealed class EncoderFile
{
    /// <summary>The heads of the attention.</summary>
    public const int Heads = 8;

    private readonly Random _random = new(1);
    private readonly List<byte[]> _nodes = [];
    private readonly List<byte[]> _weights = [];
    private readonly int _width;
    private int _names;

    private EncoderFile(int width)
    {
        _width = width;
        Constant("half", 0.5f);
        Constant("one", 1);
        Constant("two", 2);
        Constant("root", MathF.Sqrt(2));
        Constant("small", 1e-5f);
        Constant("scale", MathF.Sqrt(width / (float)Heads));
        _weights.Add(OnnxWriter.Integers("split", 0, 0, Heads, width / Heads));
        _weights.Add(OnnxWriter.Integers("merge", 0, 0, width));
    }

    /// <param name="width">The numbers of a position, a multiple of <see cref="Heads"/>.</param>
    /// <param name="layers">How many layers.</param>
    public static byte[] Of(int width, int layers)
    {
        var encoder = new EncoderFile(width);
        var value = "X";
        for (var layer = 0; layer < layers; layer++)
        {
            value = encoder.Add("Add", [value, encoder.Attention(encoder.Normalise(value))]);
            value = encoder.Add("Add", [value, encoder.Wide(encoder.Normalise(value))]);
        }

        encoder._nodes.Add(OnnxWriter.Node("Identity", [value], "Y"));
        string[] free = ["batch", "positions"];
        return OnnxWriter.Model(OnnxWriter.Graph("encoder", encoder._nodes, encoder._weights, OnnxWriter.Value("X", free, width), OnnxWriter.Value("Y", free, width)));
    }

    private string Attention(string value)
    {
        var queries = Head(value, 0, 2, 1, 3);
        var keys = Head(value, 0, 2, 3, 1);
        var weights = Add("Softmax", [Add("Div", [Add("MatMul", [queries, keys]), "scale"])]);
        var heads = Add("Transpose", [Add("MatMul", [weights, Head(value, 0, 2, 1, 3)])], "perm", 0, 2, 1, 3);
        return Linear(Add("Reshape", [heads, "merge"]), _width, _width);
    }

    private string Head(string value, params long[] order) => Add("Transpose", [Add("Reshape", [Linear(value, _width, _width), "split"])], "perm", order);

    private string Wide(string value)
    {
        var wide = Linear(value, _width, 4 * _width);
        var gelu = Add("Mul", [Add("Mul", [wide, Add("Add", [Add("Erf", [Add("Div", [wide, "root"])]), "one"])]), "half"]);
        return Linear(gelu, 4 * _width, _width);
    }

    private string Normalise(string value)
    {
        var centred = Add("Sub", [value, Add("ReduceMean", [value], "axes", -1)]);
        var variance = Add("ReduceMean", [Add("Pow", [centred, "two"])], "axes", -1);
        var normal = Add("Div", [centred, Add("Sqrt", [Add("Add", [variance, "small"])])]);
        return Add("Add", [Add("Mul", [normal, Weights(_width)]), Weights(_width)]);
    }

    private string Linear(string value, int from, int to) => Add("Add", [Add("MatMul", [value, Weights(from, to)]), Weights(to)]);

    private string Add(string operation, string[] inputs, string? attribute = null, params long[] values)
    {
        var output = $"v{_names++}";
        _nodes.Add(OnnxWriter.Node(operation, inputs, output, attribute, values));
        return output;
    }

    private string Weights(params long[] dimensions)
    {
        var name = $"w{_names++}";
        var values = new float[dimensions.Aggregate(1L, static (product, size) => product * size)];
        var spread = 1 / MathF.Sqrt(dimensions[0]);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = ((float)_random.NextDouble() - 0.5f) * spread;
        }

        _weights.Add(OnnxWriter.Floats(name, dimensions, values));
        return name;
    }

    private void Constant(string name, float value) => _weights.Add(OnnxWriter.Floats(name, [], [value]));
}
