using System.Collections.Immutable;
using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Configuration;
using Xunit;
using static InferenceServer.Core.Tests.Configuration.ConfigFixture;

namespace InferenceServer.Core.Tests.Configuration;

public sealed class ExportTests
{
    private const string Sequences = """
        sequence_batching {
          direct { max_queue_delay_microseconds: 3 minimum_slot_utilization: 0.6 }
          control_input { name: "READY" control { kind: CONTROL_SEQUENCE_READY fp32_false_true: [ 0.25, 0.75 ] } }
          state { input_name: "S" output_name: "T" data_type: TYPE_FP32 dims: 2 initial_state { name: "i" data_type: TYPE_FP32 dims: 2 data_file: "first" } }
          iterative_sequence: true
        }
        """;

    public static TheoryData<string, ModelSignature> Served => new()
    {
        { "", Batchable },
        { "", Fixed },
        { "", Signature([Fp32("X")], [Fp32("Y")]) },
        { "", Signature([Fp32("X", -1)], [Fp32("Y", -1)]) },
        { "max_batch_size: 0", Batchable },
        { "max_batch_size: 1", Batchable },
        { "version_policy { all { } } instance_group { count: 2 } parameters { key: \"a\" value { string_value: \"b\" } }", Batchable },
        { "max_batch_size: 8 dynamic_batching { preferred_batch_size: [ 8, 2 ] max_queue_delay_microseconds: 5 default_queue_policy { max_queue_size: 3 } }", Batchable },
        { "input { name: \"X\" data_type: TYPE_FP32 dims: [ 2, 2 ] reshape { shape: 4 } }", Batchable },
        { "sequence_batching { }", Batchable },
        { "max_batch_size: 0 sequence_batching { max_sequence_idle_microseconds: 5 oldest { max_candidate_sequences: 3 } }", Batchable },
        { Sequences, Signature([Fp32("X", -1, 4), Fp32("READY", -1, 1), Fp32("S", -1, 2)], [Fp32("Y", -1, 2), Fp32("T", -1, 2)]) },
    };

    [Theory]
    [MemberData(nameof(Served), DisableDiscoveryEnumeration = true)]
    public void Text_ExportedAndServed_IsTheSameConfiguration(string text, ModelSignature signature)
    {
        var exported = ModelConfigTextWriter.Write(Complete(text, signature).ToMessage());
        var again = Complete(exported, signature);

        Assert.Equal(exported, ModelConfigTextWriter.Write(again.ToMessage()));
        AssertSame(Complete(text, signature), again);
    }

    [Theory]
    [MemberData(nameof(Served), DisableDiscoveryEnumeration = true)]
    public void Json_ExportedAndServed_IsTheSameConfiguration(string text, ModelSignature signature)
    {
        var config = Complete(text, signature);
        var document = ModelConfigDocument.ReadJson("config.json", ModelConfigJsonWriter.Write(config.ToMessage()));

        Assert.True(ModelConfigDeclaration.TryDeclare(document, Folder(), Backends, out var declared, out var problems), string.Join('\n', problems));
        Assert.True(ModelConfigCompletion.TryComplete(declared, signature, new(), out var again, out problems), string.Join('\n', problems));
        Assert.Equal(config.ToMessage(), again.ToMessage());
        AssertSame(config, again);
    }

    [Fact]
    public void Text_OfACompletedModel_IsAFileThatPeopleCanRead() =>
        Assert.Equal("""
            name: "m"
            platform: "onnxruntime_onnx"
            backend: "onnxruntime"
            version_policy {
              latest {
                num_versions: 1
              }
            }
            input {
              name: "X"
              data_type: TYPE_FP32
              dims: [ 1, 4 ]
            }
            output {
              name: "Y"
              data_type: TYPE_FP32
              dims: [ 1, 2 ]
            }
            optimization {
              input_pinned_memory {
                enable: true
              }
              output_pinned_memory {
                enable: true
              }
            }
            instance_group {
              name: "m"
              kind: KIND_CPU
              count: 1
            }
            default_model_filename: "model.onnx"

            """.ReplaceLineEndings("\n"), ModelConfigTextWriter.Write(Complete("", Fixed).ToMessage()));

    private static void AssertSame(ModelConfig expected, ModelConfig actual)
    {
        Assert.Empty(actual.Warnings);
        Assert.Equal(expected.MaxBatchSize, actual.MaxBatchSize);
        Assert.Equal(expected.Inputs.AsEnumerable(), actual.Inputs);
        Assert.Equal(expected.Outputs.AsEnumerable(), actual.Outputs);
        Assert.Equal(expected.VersionPolicy, actual.VersionPolicy);
        Assert.Equal(expected.DynamicBatching?.MaxQueueDelay, actual.DynamicBatching?.MaxQueueDelay);
        Assert.Equal(expected.DynamicBatching?.PreferredBatchSizes ?? [], actual.DynamicBatching?.PreferredBatchSizes ?? ImmutableArray<int>.Empty);
        AssertSame(expected.SequenceBatching, actual.SequenceBatching);
        Assert.Equal(expected.InstanceGroups.Select(group => group.Name), actual.InstanceGroups.Select(group => group.Name));
    }

    private static void AssertSame(SequenceBatchingConfig? expected, SequenceBatchingConfig? actual)
    {
        Assert.Equal(expected is null, actual is null);
        if (expected is null || actual is null)
        {
            return;
        }

        Assert.Equal(expected with { PreferredBatchSizes = [], Controls = [], States = [] }, actual with { PreferredBatchSizes = [], Controls = [], States = [] });
        Assert.Equal(expected.PreferredBatchSizes.AsEnumerable(), actual.PreferredBatchSizes);
        Assert.Equal(expected.Controls.Select(static control => $"{control.Name} {control.Kind} {control.DataType} {Convert.ToHexString(control.False.AsSpan())} {Convert.ToHexString(control.True.AsSpan())}"),
            actual.Controls.Select(static control => $"{control.Name} {control.Kind} {control.DataType} {Convert.ToHexString(control.False.AsSpan())} {Convert.ToHexString(control.True.AsSpan())}"));
        Assert.Equal(expected.States.AsEnumerable(), actual.States);
    }
}
