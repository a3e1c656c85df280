using System.Collections.Immutable;
using System.Text;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.FuzzTests.Engine;

namespace InferenceServer.FuzzTests.Targets;

/// <summary>A model's configuration file, in either grammar, up to the configuration that the model is served by.</summary>
internal sealed class ConfigTarget(string name, bool isJson) : IFuzzTarget
{
    private const string Full = """
        name: "m" # the folder
        backend: 'onnxruntime'
        max_batch_size: 8
        input [ { name: "X" data_type: TYPE_FP32 dims: [ 4 ] reshape { shape: [ 2, 2 ] } } ]
        output < name: "Y" data_type: 11, dims: 2; label_filename: "l\x41\u00e9.txt" >
        dynamic_batching { preferred_batch_size: [ 4, 0x8 ] max_queue_delay_microseconds: 100 priority_queue_policy { key: 1 value { max_queue_size: 9 } } }
        instance_group [ { count: 2 kind: KIND_CPU } ]
        parameters { key: "a" value { string_value: "1" "2" } }
        version_policy { specific { versions: [ 1 ] } }
        model_metrics { metric_control { histogram_options { buckets: [ 1.0f, -inf, 2e-3 ] } } }
        """;

    private static readonly ImmutableArray<BackendDescriptor> s_backends =
        [new("onnxruntime") { Platform = "onnxruntime_onnx", ModelFilenames = ["model.onnx"], BareFileExtension = ".onnx", DescribesModels = true }, new("identity")];

    private static readonly ModelFolderFacts s_folder = new()
    {
        ModelName = "m",
        Versions = [1],
        VersionFiles = ImmutableDictionary<long, ImmutableHashSet<string>>.Empty.Add(1, ["model.onnx"]),
    };

    private static readonly ModelSignature s_signature =
        new([new TensorSpec("X", TensorDataType.Fp32, new TensorShape(-1, 2, 2))], [new TensorSpec("Y", TensorDataType.Fp32, new TensorShape(-1, 2))]);

    public string Name => name;

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. new[]
        {
            Full,
            "max_batch_size: 4",
            "backend: \"identity\" input { name: \"A\" data_type: TYPE_STRING dims: -1 } output { name: \"A\" data_type: TYPE_STRING dims: -1 }",
            "ensemble_scheduling { step [ { model_name: \"a\" model_version: -1 input_map { key: \"X\" value: \"X\" } } ] }",
            "sequence_batching { oldest { max_candidate_sequences: 4 } control_input [ { name: \"START\" control [ { kind: CONTROL_SEQUENCE_START int32_false_true: [ 0, 1 ] } ] } ] }",
        }.Select(text => isJson ? ModelConfigJsonWriter.Write(ModelConfigDocument.ReadText("f", Encoding.UTF8.GetBytes(text)).Message) : Encoding.UTF8.GetBytes(text)),
        isJson ? [.. "{}"u8] : [],
    ];

    public IReadOnlyList<string> Words { get; } = isJson
        ? ["\"name\":", "\"input\":[", "\"dims\":[\"-1\"]", "\"data_type\":\"TYPE_FP32\"", "{", "}", "[", "]", ",", ":", "null", "true", "\"\\ud800\"", "\"1\"", "\"NaN\"", "\"instance_group\":[{\"count\":", "\"max_batch_size\":"]
        : ["name: ", "input [", "dims: [ -1 ]", "data_type: TYPE_FP32", "{", "}", "[", "]", "<", ">", ",", ";", ":", "#", "'", "\"", "\\x", "\\U00110000", "0x", "inf", "nan", "1.5f", "//", "key: ", "value ", "count: ", "\n"];

    public string Run(byte[] input)
    {
        var document = isJson ? ModelConfigDocument.ReadJson("f", input) : ModelConfigDocument.ReadText("f", input);
        CheckProblems(document.Problems, input);
        if (!ModelConfigDeclaration.TryDeclare(document, s_folder, s_backends, out var declared, out var problems))
        {
            Check.That(!problems.IsEmpty, "a configuration is refused without a problem");
            CheckProblems(problems, input);
            return "refused";
        }

        if (!ModelConfigCompletion.TryComplete(declared, s_signature, new(), out var config, out problems))
        {
            Check.That(!problems.IsEmpty, "a configuration does not fit its model without a problem");
            CheckProblems(problems, input);
            return "unfit";
        }

        var exported = ModelConfigDocument.ReadJson("f", ModelConfigJsonWriter.Write(config.ToMessage()));
        Check.That(exported.Problems.IsEmpty, $"what is exported cannot be read: {string.Join("; ", exported.Problems)}");
        Check.That(exported.Message.Equals(config.ToMessage()), "what is exported reads as something else");
        return $"read {config.MaxBatchSize > 0} {config.Inputs.Length}";
    }

    /// <summary>Every problem is one line of text and lies inside the file.</summary>
    private static void CheckProblems(ImmutableArray<ConfigProblem> problems, byte[] file)
    {
        var lines = 1 + file.Count(static value => value == (byte)'\n');
        foreach (var problem in problems)
        {
            Check.That(problem.Line >= 0 && problem.Line <= lines && (problem.Line == 0) == (problem.Column == 0), $"line {problem.Line}, column {problem.Column} of {lines} lines: {problem}");
            Check.That(problem.Message.Length > 0 && !problem.ToString().Any(char.IsControl), $"not one line of text: {problem}");
        }
    }
}
