using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.MLNet;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Trees;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace InferenceServer.BackendOverhead.Subjects;

/// <summary>ML.NET's prediction engine, a row after the other.</summary>
internal static class MLNetSubjects
{
    private static readonly int[] s_rows = [1, 32, 16_384];

    public static async Task<IEnumerable<Subject>> MakeAsync()
    {
        var file = Path.Combine(RepositoryFiles.Root, "samples", "tree-models", "breast_cancer_mlnet", "1", "model.zip");
        var model = await LoadedModel.LoadAsync(new MLNetBackend(), file);
        var context = new MLContext();
        var engine = context.Model.CreatePredictionEngine<Row, Answer>(context.Model.Load(file, out _));
        var output = model.IndexOf("Probability");
        return s_rows.Select(rows =>
        {
            var cases = Enumerable.Range(0, rows).Select(static row => new Row { Features = BreastCancer.Row(row % BreastCancer.Count) }).ToArray();
            var answers = new Answer[rows];
            double Bare()
            {
                for (var i = 0; i < cases.Length; i++)
                {
                    answers[i] ??= new Answer();
                    engine.Predict(cases[i], ref answers[i]);
                }

                return answers[0].Probability;
            }

            return new Subject("mlnet", "breast cancer, FastTree", rows, Bare, model.Serve("Features", new TensorShape(rows, BreastCancer.Features), TreeSubjects.Rows(rows), output));
        }).ToList();
    }

    private sealed class Row
    {
        public bool Label { get; set; }

        [VectorType(BreastCancer.Features)]
        public float[] Features { get; set; } = [];
    }

    private sealed class Answer
    {
        public bool PredictedLabel { get; set; }

        public float Score { get; set; }

        public float Probability { get; set; }
    }
}
