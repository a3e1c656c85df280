using System.Globalization;
using InferenceServer.Testing.Files;

namespace InferenceServer.Testing.Trees;

/// <summary>The breast-cancer rows that no model was trained on, and what is expected for them.</summary>
public static class BreastCancer
{
    public const int Features = 30;

    private static readonly Lazy<float[][]> s_rows = new(() => [.. Read("bc_test.csv")]);

    public static int Count => s_rows.Value.Length;

    /// <summary>The features of all rows, one row after the other.</summary>
    public static float[] Rows => [.. s_rows.Value.SelectMany(static row => row.Skip(1))];

    /// <summary>1 for each benign case, 0 for each malignant one.</summary>
    public static int[] Labels => [.. s_rows.Value.Select(static row => (int)row[0])];

    /// <summary>The features of one row.</summary>
    public static float[] Row(int index) => s_rows.Value[index][1..];

    /// <summary>A column of expected probabilities.</summary>
    public static double[] Expected(string file) =>
        [.. File.ReadLines(RepositoryFiles.TestData(Path.Combine("trees", file))).Select(static line => double.Parse(line, CultureInfo.InvariantCulture))];

    private static IEnumerable<float[]> Read(string file) => File.ReadLines(RepositoryFiles.TestData(Path.Combine("trees", file)))
        .Select(static line => line.Split(',').Select(static cell => float.Parse(cell, CultureInfo.InvariantCulture)).ToArray());
}
