using System.Text;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Repository;
using InferenceServer.FuzzTests.Engine;
using InferenceServer.Protocols.KServe.Logging;
using InferenceServer.Protocols.KServe.Repository;
using InferenceServer.Protocols.KServe.Settings;
using InferenceServer.Protocols.KServe.SharedMemory;
using InferenceServer.Protocols.KServe.Tracing;

namespace InferenceServer.FuzzTests.Targets;

/// <summary>The small objects that requests about the server itself have as bodies. The first byte of an input says which.</summary>
internal sealed class ControlBodyTarget : IFuzzTarget
{
    private static readonly Func<byte[], InferenceError?>[] s_readers =
    [
        static text => IndexRequestReader.Read(text, out _),
        Load,
        static text => UnloadRequestReader.Read(text, out _),
        static text => SettingsBody.Read(text, new LogSettingsReader().Read),
        static text => SettingsBody.Read(text, new TraceSettingReader().Read),
        static text => RegisterBodyReader.Read(text, out _),
        static text => CudaBodyReader.Read(text, out _),
    ];

    public string Name => "control-body";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. new[]
        {
            """1{"ready":true}""",
            """2{"parameters":{"config":"{\"backend\":\"identity\"}","file:1/model.onnx":"AAEC","file:labels.txt":""}}""",
            """2""",
            """3{"parameters":{"unload_dependents":true},"x":[{}]}""",
            """4{"log_info":false,"log_verbose_level":4294967295,"log_format":"ISO8601","log_error":null}""",
            """5{"trace_level":["TIMESTAMPS","TENSORS"],"trace_rate":"1","trace_count":"-1","log_frequency":null}""",
            """6{"key":"/dev/shm/a","byte_size":18446744073709551615,"offset":0}""",
            """7{"raw_handle":{"b64":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="},"device_id":0,"byte_size":64}""",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public IReadOnlyList<string> Words { get; } =
        ["\"parameters\":{", "\"file:", "..", "/", "\\\\", "\"config\":", "\"ready\":", "\"key\":", "\"byte_size\":", "\"offset\":", "\"raw_handle\":{", "\"b64\":", "\"device_id\":", "\"log_file\":", "\"log_format\":\"default\"", "\"trace_level\":[", "\"OFF\"", "\"trace_file\":", "true", "false", "null", "{", "}", "[", "]", ",", "\\u0000", "QUI=", "="];

    public string Run(byte[] input)
    {
        if (input.Length == 0)
        {
            return "nothing";
        }

        var reader = input[0] % s_readers.Length;
        var error = s_readers[reader](input[1..]);
        return $"{(error is null ? "read" : Check.IsClean(error))} {reader}";
    }

    /// <summary>A file that may be written lies below the model's folder.</summary>
    private static InferenceError? Load(byte[] text)
    {
        var error = LoadRequestReader.Read("model", text, out var replacement);
        foreach (var path in replacement?.Files.Keys ?? [])
        {
            Check.That(OverridePath.FindProblem(path) is not null || Path.GetFullPath(path, "/models/one").StartsWith("/models/one/", StringComparison.Ordinal), $"'{path}' lies elsewhere");
        }

        return error;
    }
}
