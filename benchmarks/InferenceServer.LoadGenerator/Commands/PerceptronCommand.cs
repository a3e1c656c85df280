using System.CommandLine;
using InferenceServer.Bench.Commands;
using InferenceServer.Bench;
using InferenceServer.LoadGenerator.Models;

namespace InferenceServer.LoadGenerator.Commands;

/// <summary>Writes a model that is bound by memory for one row, and by arithmetic for many.</summary>
internal static class PerceptronCommand
{
    public static Command Create()
    {
        var width = CheckedOption.Whole("--width", "Numbers of a row", 2048, 1, 16384);
        var layers = CheckedOption.Whole("--layers", "Layers, each with weights of its own: four bytes times the square of the width", 4, 1, 64);
        var output = new Option<FileInfo>("--output") { Description = "The ONNX file to write; its folder is made", Required = true }.AcceptLegalFilePathsOnly();
        var command = new Command("perceptron", "Writes a perceptron whose answer is the mean of each row, as an ONNX file");
        foreach (var option in (Option[])[width, layers, output])
        {
            command.Add(option);
        }

        command.SetAction((parsed, cancellation) => Failures.ReportAsync(async () =>
        {
            var (size, count) = (parsed.GetRequiredValue(width), parsed.GetRequiredValue(layers));
            if ((long)size * size * count > 1 << 28)
            {
                throw new BenchException($"a width of {size} with {count} layers makes more than 2^28 weights, which do not fit into one ONNX file");
            }

            var file = parsed.GetRequiredValue(output);
            file.Directory!.Create();
            await File.WriteAllBytesAsync(file.FullName, PerceptronFile.Of(size, count), cancellation);
            return 0;
        }));
        return command;
    }
}
