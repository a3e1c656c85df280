namespace InferenceServer.Testing.Onnx;

/// <summary>
/// Writes small ONNX models byte by byte, so that a test needs neither Python nor a file for the one odd case it is about. The field
/// numbers are those of the published <c>onnx.proto</c>.
/// </summary>
/// <param name="opset">The version of the default operator set.</param>
public sealed class OnnxModelBuilder(int opset = 17)
{
    /// <summary>The format version; from 4 on, an initialiser that is also an input is a default that a request may override.</summary>
    private const int IrVersion = 8;

    private readonly List<OnnxMessage> _nodes = [];
    private readonly List<OnnxMessage> _initializers = [];
    private readonly List<OnnxMessage> _inputs = [];
    private readonly List<OnnxMessage> _outputs = [];
    private readonly SortedDictionary<string, long> _domains = new(StringComparer.Ordinal) { [""] = opset };

    public OnnxModelBuilder Input(string name, OnnxElementType type, params ReadOnlySpan<OnnxDimension> dimensions) =>
        Input(name, OnnxType.Tensor(type, dimensions));

    public OnnxModelBuilder Input(string name, OnnxType type)
    {
        ArgumentNullException.ThrowIfNull(type);
        _inputs.Add(type.ToValueInfo(name));
        return this;
    }

    public OnnxModelBuilder Output(string name, OnnxElementType type, params ReadOnlySpan<OnnxDimension> dimensions) =>
        Output(name, OnnxType.Tensor(type, dimensions));

    public OnnxModelBuilder Output(string name, OnnxType type)
    {
        ArgumentNullException.ThrowIfNull(type);
        _outputs.Add(type.ToValueInfo(name));
        return this;
    }

    public OnnxModelBuilder Initializer(string name, OnnxTensor value)
    {
        ArgumentNullException.ThrowIfNull(value);
        _initializers.Add(value.ToMessage(name));
        return this;
    }

    public OnnxModelBuilder Node(string operation, string[] inputs, string[] outputs, params ReadOnlySpan<OnnxAttribute> attributes) =>
        Node("", operation, inputs, outputs, attributes);

    /// <summary>A node of an operator set other than the default one; <see cref="Domain"/> says its version.</summary>
    public OnnxModelBuilder Node(string domain, string operation, string[] inputs, string[] outputs, params ReadOnlySpan<OnnxAttribute> attributes)
    {
        var node = new OnnxMessage();
        foreach (var input in inputs)
        {
            node.Text(1, input);
        }

        foreach (var output in outputs)
        {
            node.Text(2, output);
        }

        node.Text(3, $"node{_nodes.Count}").Text(4, operation);
        foreach (var attribute in attributes)
        {
            node.Nested(5, attribute.Message);
        }

        _nodes.Add(node.Text(7, domain));
        return this;
    }

    /// <summary>Uses another operator set.</summary>
    public OnnxModelBuilder Domain(string domain, long version)
    {
        _domains[domain] = version;
        return this;
    }

    /// <summary>The bytes of a model file.</summary>
    public byte[] Build()
    {
        var model = new OnnxMessage().Int(1, IrVersion).Text(2, "inference-server-tests").Nested(7, ToGraph());
        foreach (var (domain, version) in _domains)
        {
            model.Nested(8, new OnnxMessage().Text(1, domain).Int(2, version));
        }

        return model.ToArray();
    }

    internal OnnxMessage ToGraph()
    {
        var graph = new OnnxMessage();
        _nodes.ForEach(node => graph.Nested(1, node));
        graph.Text(2, "graph");
        _initializers.ForEach(initializer => graph.Nested(5, initializer));
        _inputs.ForEach(input => graph.Nested(11, input));
        _outputs.ForEach(output => graph.Nested(12, output));
        return graph;
    }
}
