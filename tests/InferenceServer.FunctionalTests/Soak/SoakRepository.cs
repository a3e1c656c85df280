using InferenceServer.FunctionalTests.Repository;
using InferenceServer.FunctionalTests.Traffic;
using InferenceServer.Testing.Files;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>The models of the random traffic, and some that come, go and change, are large, or are asked wrongly.</summary>
internal static class SoakRepository
{
    /// <summary>Gives bytes back, of which there may be many.</summary>
    public const string Large = "large";

    /// <summary>Takes its time: whoever leaves does so while others wait.</summary>
    public const string Slow = "slow";

    /// <summary>Is asked wrongly.</summary>
    public const string Strict = "strict";

    /// <summary>Is replaced by one with a higher factor, again and again.</summary>
    public const string Scaled = "scaled";

    /// <summary>Its file is damaged and mended: a good one serves all along.</summary>
    public const string Shaky = "shaky";

    /// <summary>Has a second version now and then.</summary>
    public const string Toggled = "toggled";

    /// <summary>Is there, and then it is not.</summary>
    public const string Coming = "coming";

    /// <summary>Whose versions stay, and which no other model asks.</summary>
    public static string[] Steady { get; } =
    [
        TrafficRepository.Mixed, TrafficRepository.Cached, TrafficRepository.Single, TrafficRepository.Narrow, TrafficRepository.Timed, TrafficRepository.Ragged, TrafficRepository.Chain, TrafficRepository.Doubtful,
        TrafficRepository.Rowed, TrafficRepository.Mingled, DecoupledRepository.Breaking, DecoupledRepository.Squared, DecoupledRepository.Spread, DecoupledRepository.Wavering, DecoupledRepository.Plain, Large, Slow,
    ];

    /// <summary>What random questions are asked of.</summary>
    public static string[] Traffic { get; } =
    [
        TrafficRepository.Mixed, TrafficRepository.Sums, TrafficRepository.Cached, TrafficRepository.Ordered, TrafficRepository.Failing, TrafficRepository.Single, TrafficRepository.Narrow, TrafficRepository.Timed,
        TrafficRepository.Ragged, TrafficRepository.Chain, TrafficRepository.Doubtful, TrafficRepository.Rowed, TrafficRepository.Mingled,
    ];

    /// <summary>What random questions that are answered any number of times are asked of.</summary>
    public static string[] Decoupled { get; } =
    [
        DecoupledRepository.Repeated, DecoupledRepository.Breaking, DecoupledRepository.Squared, DecoupledRepository.Spread, DecoupledRepository.Wavering, DecoupledRepository.Plain,
    ];

    public static void Write(TemporaryDirectory folder)
    {
        TrafficRepository.Write(folder);
        DecoupledRepository.Write(folder);
        foreach (var (name, more) in new[] { (Large, "instance_group { count: 2 }"), (Slow, "instance_group { count: 1 } parameters { key: \"execute_delay_ms\" value { string_value: \"20\" } }"), (Strict, "") })
        {
            folder.Write($"{name}/config.pbtxt", $$"""
                backend: "identity"
                max_batch_size: 0
                input { name: "X" data_type: TYPE_UINT8 dims: -1 }
                output { name: "Y" data_type: TYPE_UINT8 dims: -1 }
                {{more}}
                """);
            Directory.CreateDirectory(Path.Combine(folder.FullPath, name, "1"));
        }

        foreach (var name in new[] { Scaled, Shaky, Toggled, Coming })
        {
            folder.Write($"{name}/1/model.onnx", ScaledModel.Of(1));
        }
    }
}
